// A data set to learn from: which file, how its values become the model's, what is held out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "quartic/data/data_file.hpp"
#include "quartic/data/scaling.hpp"
#include "quartic/data/summary.hpp"
#include "quartic/data/views.hpp"

namespace quartic {

/// [data]. Applied in this order: rows, columns, binarise, held_out, scaling.
struct DataOptions {
  std::string path;     ///< a file, a folder of images, or a run file
  std::string dataset;  ///< of an HDF5 file, or member of an npz; empty: the only one
  DataFormat format = DataFormat::automatic;
  std::optional<int> rows;                     ///< no more than the first so many; empty: all
  std::string columns;                         ///< "1-784" or "0,2,5-7", counted from 0; empty: all
  std::vector<std::string> column_names = {};  ///< instead of `columns`
  std::optional<double> binarise;              ///< values above it become 1, others 0
  double held_out = 0;                         ///< fraction of the rows
  ScalingMethod scaling = ScalingMethod::automatic;
  std::optional<double> offset, scale;  ///< of ScalingMethod::constants; empty: 0 and 1
  std::uint64_t seed = 1;               ///< of the choice of held-out rows

  /// What ScalingMethod::automatic is, and what it is where a column is constant.
  ScalingMethod automatic = ScalingMethod::none, automatic_if_constant = ScalingMethod::none;
  bool scaling_chosen_later = false;  ///< by what learns from the data: not described

  /// Use this scaling instead of finding one: that of a run whose model meets new data.
  std::optional<DataScaling> fixed_scaling;
  std::vector<std::string> learned_names = {};  ///< its columns (ColumnChoice::learned)
  std::size_t learned_columns = 0;
};

/// What must hold between options. Throws BadInput beginning with `where`.
void require_readable(const DataOptions& options, const std::string& where);

struct DataSet {
  SharedSource train;                  ///< in the units of the model
  SharedSource held_out;               ///< null: none
  std::vector<std::size_t> row_shape;  ///< 28 x 28 of images; of one axis where columns were chosen
  std::vector<std::string> names;      ///< of the columns, where the file has them
  std::vector<std::string> warnings;   ///< what is odd about them (data_warnings)
  std::string index_warning;  ///< of these the one that what is learned suffers from, or none
  DataScaling scaling;
  DataSummary summary;      ///< of the training rows, before scaling
  std::string description;  ///< "60000 x 784 from images-idx3-ubyte.gz, u1, scaled to [-1, 1]"

  /// Changes when the file's rows do; a run that resumes compares it.
  const std::string& checksum() const { return summary.checksum; }
};

/// What the options leave of a file before anything is held out or scaled.
struct DataRows {
  std::shared_ptr<const DataFile> file;
  SharedSource rows = nullptr;
  std::vector<std::size_t> row_shape = {};
  std::vector<std::string> names = {};   ///< of the columns, where the file has them
  std::vector<std::size_t> chosen = {};  ///< their numbers in the file; empty: all
};
DataRows open_data_rows(const DataOptions& options);

/// Opens the file and reads it once: to find the scaling, which comes from the training rows alone,
/// and to see that it can be learned from. Memory is bounded by the batch, but for scalings by the
/// covariance or powers of the columns, which take up to 100,000 rows.
///
/// Throws BadInput as open_data_file does, and for NaN or infinite values (the first one is named
/// by row and column, from 0), constant columns under standardise, one value everywhere under unit,
/// a column that is not there, too few rows to hold some out.
DataSet open_data_set(const DataOptions& options);
DataSet open_data_set(const DataOptions& options, const DataRows& data);

/// Of the columns that the options choose from a table: which hold numbers and do not count its
/// rows, and what the others are; numbers as in the file.
struct TableColumns {
  std::vector<std::size_t> data, text, index;
  std::vector<std::string> names;  ///< of all columns of the file, where it has them
};
/// Nothing but `data` where the file is no CSV. Reads it once.
TableColumns table_columns(const DataOptions& options);

/// Throws BadInput where values are NaN or infinite, naming the first and, to learn from, columns
/// that are complete; a model that is there knows which it needs.
void require_finite(const DataRows& data, const DataSummary& summary, bool learning = true);

/// Sentences, with the remedy: columns that look like an index of the rows, which would be learned
/// as if they were data; a first row that may be a header; rows of real values that repeat.
std::vector<std::string> data_warnings(const DataRows& data, const DataSummary& summary);

}  // namespace quartic
