// What the readers of data files share, and how each format is opened.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "data/byte_source.hpp"
#include "quartic/data/data_file.hpp"

namespace quartic::data {

/// Deflate packs no more than this many bytes into one: a larger claim is false.
inline constexpr std::uint64_t max_inflation = 1032;

/// Throws BadInput "cannot read 'FILE': what".
[[noreturn]] void refuse(const DataPlace& place, const std::string& what, const std::string& hint);

/// The last part of its path.
std::string file_name(const DataPlace& place);

/// Text out of a file, fit for a message: short, and printable.
std::string printable(std::string_view text);

/// "6 x 28 x 28".
std::string shape_text(const std::vector<std::size_t>& shape);

/// The product of sizes; refuses where it exceeds `most`, naming the shape that was claimed.
std::uint64_t product_within(const std::vector<std::size_t>& shape, std::uint64_t most,
                             const DataPlace& place);

/// The type of a stored value.
struct Element {
  char kind = 'f';       ///< f float, i integer, u unsigned, b boolean
  std::size_t size = 4;  ///< bytes
  bool swapped = false;  ///< its bytes stand in the other order than this machine's
  std::string name() const { return kind + std::to_string(size); }
};
/// Whether quartic reads such values.
bool is_known(const Element& element);

/// Rows of a matrix that lies in `bytes` from `offset` on, row after row.
struct Matrix {
  std::shared_ptr<const ByteSource> bytes;
  std::uint64_t offset = 0;
  std::size_t rows = 0;
  Element element;
};
std::shared_ptr<const DataFile> matrix_file(Matrix matrix, DataFileInfo info);

/// The matrix that the bytes from `offset` on are; refuses where they are more or fewer.
Matrix rest_as_matrix(const std::shared_ptr<const ByteSource>& bytes, std::uint64_t offset,
                      const std::vector<std::size_t>& shape, const Element& element,
                      const DataPlace& place, const std::string& hint);

/// The rows of a matrix whose first axis runs fastest, as a matrix in a temporary file. O(size).
Matrix from_fortran_order(const Matrix& matrix, const std::vector<std::size_t>& row_shape);

/// A matrix of float or double that grows by rows in a temporary file.
template <class T>
class MatrixWriter {
 public:
  void append(std::span<const T> row) {
    out_.append(std::as_bytes(row));
    ++rows_;
  }
  std::size_t rows() const { return rows_; }
  Matrix finish() { return {out_.finish(), 0, rows_, {'f', sizeof(T), false}}; }

 private:
  TemporaryWriter out_;
  std::size_t rows_ = 0;
};

/// The bytes of a whole file by the header that it begins with: of IDX, of npy, and of either, else
/// the most there are. Throws BadInput where the header of npy is damaged.
std::uint64_t idx_size(std::string_view head);
std::uint64_t npy_size(const DataPlace& place, std::string_view head);
std::uint64_t declared_size(const DataPlace& place, std::string_view head);

/// An unpacked .gz file; refused beyond the size that its header declares.
std::shared_ptr<const ByteSource> unpack_gzip(const DataPlace& place);
/// Whether a zlib stream of these parts, one after another, makes at most so many bytes.
bool inflates_within(const std::vector<std::string_view>& parts, std::uint64_t most);
/// A raw deflate stream with the size and checksum that it must have.
std::shared_ptr<const ByteSource> unpack_deflate(const DataPlace& place, const ByteSource& packed,
                                                 std::uint64_t size, std::uint32_t crc);

using Bytes = std::shared_ptr<const ByteSource>;
std::shared_ptr<const DataFile> open_npy(const DataPlace& place, const Bytes& bytes,
                                         DataFormat format = DataFormat::npy,
                                         const std::string& member = {});
std::shared_ptr<const DataFile> open_npz(const DataPlace& place, const Bytes& bytes);
std::shared_ptr<const DataFile> open_idx(const DataPlace& place, const Bytes& bytes);
std::shared_ptr<const DataFile> open_csv(const DataPlace& place, const Bytes& bytes);
std::shared_ptr<const DataFile> open_hdf5(const DataPlace& place);
std::shared_ptr<const DataFile> open_image(const DataPlace& place, const Bytes& bytes);
std::shared_ptr<const DataFile> open_images(const DataPlace& place);

/// Whether bytes begin as an image of a kind that quartic reads does.
bool looks_like_image(std::string_view head);

/// Without blanks and tabs at its ends.
std::string_view trimmed(std::string_view text);

/// Throws BadInput for no indices, or one that is not below `all`; `what`: "row" or "column".
void check_indices(const std::vector<std::size_t>& indices, std::size_t all, const char* what);

[[noreturn]] void refuse_row(std::size_t row, std::size_t all);

/// Calls visit(first, count, at) for every run of neighbouring ascending rows: row `first` and
/// the count - 1 after it, wanted as the at-th and following of the batch. Throws BadInput for a
/// row that is not there.
template <class Visit>
void for_each_run(std::span<const std::size_t> rows, std::size_t all, Visit visit) {
  for (std::size_t at = 0; at < rows.size();) {
    std::size_t count = 1;
    while (at + count < rows.size() && rows[at + count] == rows[at] + count) ++count;
    if (rows[at] >= all || count > all - rows[at]) refuse_row(rows[at] + count - 1, all);
    visit(rows[at], count, at);
    at += count;
  }
}

}  // namespace quartic::data
