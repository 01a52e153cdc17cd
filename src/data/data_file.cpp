#include "quartic/data/data_file.hpp"

#include <fmt/format.h>
#include <hdf5.h>

#include <algorithm>
#include <limits>

#include "data/readers.hpp"

namespace quartic {
namespace data {
namespace {

constexpr std::size_t head_bytes = 4096;
constexpr const char* formats_read =
    "quartic reads npy, npz, HDF5, IDX, CSV, PNG, JPEG and PNM; quartic data FILE describes one";

bool is_gzip(std::string_view head) {
  return head.starts_with("\x1f\x8b");
}

bool is_idx(std::string_view head) {
  return head.size() >= 4 && head[0] == 0 && head[1] == 0 && head[2] >= 0x08 && head[2] <= 0x0E &&
         head[3] > 0;
}

bool is_utf16(std::string_view head) {
  return head.starts_with("\xFF\xFE") || head.starts_with("\xFE\xFF");
}

bool is_text(std::string_view head) {
  return std::all_of(head.begin(), head.end(), [](unsigned char c) {
    return c >= ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f';
  });
}

DataFormat by_content(std::string_view head) {
  if (head.starts_with("\x93NUMPY")) return DataFormat::npy;
  if (head.starts_with("PK\x03\x04") || head.starts_with("PK\x05\x06")) return DataFormat::npz;
  if (head.starts_with("\x89HDF\r\n\x1a\n")) return DataFormat::hdf5;
  if (is_idx(head)) return DataFormat::idx;
  if (looks_like_image(head)) return DataFormat::image;
  return is_text(head) ? DataFormat::csv : DataFormat::automatic;
}

/// What the name promises; automatic: nothing.
DataFormat by_name(std::filesystem::path file) {
  if (file.extension() == ".gz") file.replace_extension();
  const std::string extension = file.extension().string();
  if (extension == ".npy") return DataFormat::npy;
  if (extension == ".npz") return DataFormat::npz;
  if (extension == ".h5" || extension == ".hdf5") return DataFormat::hdf5;
  if (extension == ".png" || extension == ".jpg" || extension == ".jpeg") return DataFormat::image;
  if (file.filename().string().ends_with("-ubyte")) return DataFormat::idx;
  return DataFormat::automatic;
}

DataFormat format_of(const DataPlace& place, std::string_view head) {
  if (place.format != DataFormat::automatic) return place.format;
  const DataFormat found = by_content(head), named = by_name(place.path);
  // Text under another format's name is a damaged file, not a table of numbers.
  if (found == DataFormat::automatic || found == DataFormat::csv) {
    if (named != DataFormat::automatic) return named;
    if (found == DataFormat::automatic && H5Fis_hdf5(place.path.c_str()) > 0)
      return DataFormat::hdf5;
  }
  if (found == DataFormat::automatic && is_utf16(head))
    refuse(place, "it is text in UTF-16", "save it as CSV in UTF-8");
  if (found == DataFormat::automatic)
    refuse(place, "its content is of no format that quartic knows", formats_read);
  return found;
}

void check_dataset(const DataPlace& place, DataFormat format) {
  if (place.dataset.empty() || format == DataFormat::npz || format == DataFormat::hdf5) return;
  refuse(place, fmt::format("a file of format {} has no dataset '{}'", name(format), place.dataset),
         "dataset names a part of an HDF5 file or of an npz archive");
}

std::shared_ptr<const DataFile> open_as(DataFormat format, const DataPlace& place,
                                        const Bytes& bytes) {
  if (format == DataFormat::npy) return open_npy(place, bytes);
  if (format == DataFormat::npz) return open_npz(place, bytes);
  if (format == DataFormat::idx) return open_idx(place, bytes);
  if (format == DataFormat::csv) return open_csv(place, bytes);
  return format == DataFormat::image ? open_image(place, bytes) : open_hdf5(place);
}

}  // namespace

std::uint64_t declared_size(const DataPlace& place, std::string_view head) {
  if (head.starts_with("\x93NUMPY")) return npy_size(place, head);
  return is_idx(head) ? idx_size(head) : std::numeric_limits<std::uint64_t>::max();
}

}  // namespace data

std::shared_ptr<const DataFile> open_data_file(const DataPlace& place) {
  using namespace data;  // NOLINT: the readers
  std::error_code error;
  if (!std::filesystem::exists(place.path, error))
    refuse(place, "there is no such file or folder", "check the path");
  if (std::filesystem::is_directory(place.path, error)) {
    check_dataset(place, DataFormat::image);
    return open_images(place);
  }
  if (!std::filesystem::is_regular_file(place.path, error))  // opening a pipe would wait
    refuse(place, "it is no regular file", "save it to a file first");
  Bytes bytes = open_bytes(place.path);
  std::string head = bytes->head(head_bytes);
  const bool packed = is_gzip(head);
  if (packed) {
    bytes = unpack_gzip(place);
    head = bytes->head(head_bytes);
  }
  const DataFormat format = format_of(place, head);
  if (packed && format == DataFormat::hdf5)
    refuse(place, "HDF5 is not read from a .gz file", "gunzip it");
  check_dataset(place, format);
  return open_as(format, place, bytes);
}

}  // namespace quartic
