// One file of data as rows: npy, npz, HDF5, IDX, CSV, an image or a folder of images.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "quartic/core/data_source.hpp"
#include "quartic/core/words.hpp"
#include "quartic/data/columns.hpp"

namespace quartic {

enum class DataFormat { automatic, npy, npz, hdf5, idx, csv, image };
template <>
inline constexpr auto words_of<DataFormat> = word_list("auto", "npy", "npz", "hdf5", "idx", "csv",
                                                       "image");

/// What a file says about its rows.
struct DataFileInfo {
  DataFormat format = DataFormat::automatic;
  std::string name;  ///< the file's, with the dataset or member read from it
  std::string type;  ///< of a value as stored: f2 f4 f8 i1 ... u8 b1; text of a CSV file
  std::vector<std::size_t> row_shape;   ///< 28 x 28 of an image; its product is columns()
  std::vector<std::string> names = {};  ///< of the columns, one each, where the file has them
  std::string doubt = {};               ///< what may be misread, with the remedy; empty: nothing
};

/// Rows as they stand in a file. Reading is by position, so several views may share one file;
/// an HDF5 file is read by one thread at a time.
class DataFile : public DataSource {
 public:
  explicit DataFile(DataFileInfo info) : info_(std::move(info)) {}
  const DataFileInfo& info() const { return info_; }

 private:
  DataFileInfo info_;
};

/// Which file, and which part of it.
struct DataPlace {
  std::filesystem::path path;  ///< a file, or a folder of images
  std::string dataset;         ///< of an HDF5 file, or member of an npz; empty: the only one
  DataFormat format = DataFormat::automatic;  ///< by the file's content
  std::optional<std::size_t> rows;            ///< read no more than the first so many
  /// Those that will be used: others of a CSV file may hold text, which is read as NaN.
  ColumnChoice columns = {};
  bool text_is_missing = false;  ///< read as NaN in all columns: to see which hold numbers
};

/// Opens a file. The first axis counts rows, the others are flattened (last axis fastest). In a
/// run file (docs/run-file.md) every stored field of posterior/phi is a row, chain after chain.
///
/// npy (C order), IDX, HDF5 and stored npz members stay where they are and are read by the batch.
/// What has to be unpacked or parsed (deflated npz, .gz, CSV, images, Fortran order) goes once
/// through a temporary file in TMPDIR, so memory is bounded there too.
///
/// Throws BadInput, with file and reason, for a file that is missing, empty, truncated, damaged, of
/// an unknown format, or whose values are no real numbers. Sizes that a header claims are checked
/// against the file before any memory is taken.
std::shared_ptr<const DataFile> open_data_file(const DataPlace& place);

}  // namespace quartic
