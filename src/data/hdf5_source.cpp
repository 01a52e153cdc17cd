// HDF5: rows of one dataset by hyperslabs, and the stored fields of a run file.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <hdf5_hl.h>

#include <algorithm>
#include <limits>

#include "data/hdf5.hpp"
#include "data/readers.hpp"
#include "quartic/core/error.hpp"

namespace quartic::data {
namespace {

using hdf5::Handle;

constexpr const char* fields_path = "posterior/phi";
constexpr std::size_t cache_bytes = std::size_t{16} << 20;  // of unpacked chunks

/// An open file: what it holds, and refusals that name it.
class File {
 public:
  explicit File(const DataPlace& place) : place_(place) {
    open_bytes(place.path);  // missing, a folder, empty
    if (H5Fis_hdf5(place.path.c_str()) <= 0)
      fail("it does not begin as an HDF5 file does", fetch_again);
    // HDF5 1.10 may crash on damaged bytes: a run file's seal finds them before.
    if (hdf5::check_seal(place.path) == hdf5::Seal::broken)
      fail("its bytes were damaged since it was written", fetch_again);
    file_ = Handle(H5Fopen(place.path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose);
    if (!file_) fail("its HDF5 structure is truncated or damaged", fetch_again);
  }

  [[noreturn]] void fail(const std::string& what, const std::string& hint) const {
    refuse(place_, what, hint);
  }
  hid_t id() const { return file_; }

  bool has(const std::string& path) const {
    return leads_to(file_, path, place_.path.parent_path(), 0);
  }

  /// Of another file, whose values are taken for this one's: HDF5 would wait for a pipe, for ever.
  void require_regular(const std::filesystem::path& other) const {
    std::error_code error;
    if (std::filesystem::exists(other, error) && !std::filesystem::is_regular_file(other, error))
      fail(fmt::format("it takes values from '{}', which is no regular file",
                       printable(other.string())),
           "copy the values into a dataset of their own");
  }

  /// HDF5 walks down to each group from the root: the time grows with the square of the depth.
  static bool too_deep(std::string_view path) {
    return std::count(path.begin(), path.end(), '/') > most_groups;
  }
  [[noreturn]] void fail_deep() const {
    fail(fmt::format("it has groups within groups, more than {}", most_groups),
         "copy the values into a dataset nearer to the root");
  }

  /// Names of the datasets of numbers that have rows and are no mere axis.
  std::vector<std::string> datasets() const {
    std::vector<std::string> names;
    const auto visit = [](hid_t root, const char* path, const H5O_info_t* info,
                          void* out) -> herr_t {
      if (too_deep(path)) return 1;  // ends the walk
      if (info->type != H5O_TYPE_DATASET) return 0;
      const Handle set(H5Dopen2(root, path, H5P_DEFAULT), H5Dclose);
      if (!set || H5DSis_scale(set) > 0) return 0;
      const Handle type(H5Dget_type(set), H5Tclose), space(H5Dget_space(set), H5Sclose);
      const auto kind = H5Tget_class(type);
      if ((kind == H5T_INTEGER || kind == H5T_FLOAT || kind == H5T_ENUM) &&
          H5Sget_simple_extent_ndims(space) > 0)
        static_cast<std::vector<std::string>*>(out)->push_back(path);
      return 0;
    };
    if (H5Ovisit2(file_, H5_INDEX_NAME, H5_ITER_INC, visit, &names, H5O_INFO_BASIC) > 0)
      fail_deep();
    return names;
  }

 private:
  static constexpr int most_links = 16, most_groups = 100;

  /// Whether a path leads to an object, through links to other places and files too.
  bool leads_to(hid_t file, std::string path, const std::filesystem::path& folder,
                int links) const {
    if (links > most_links)
      fail("its links lead in a circle", "name the dataset where it is itself");
    path.erase(0, path.find_first_not_of('/'));
    if (too_deep(path)) fail_deep();
    if (path.empty()) return true;
    for (std::size_t slash = path.find('/');; slash = path.find('/', slash + 1)) {
      const std::string part = path.substr(0, slash);
      H5L_info_t link{};
      if (H5Lget_info(file, part.c_str(), &link, H5P_DEFAULT) < 0) return false;
      const std::string rest = path.substr(part.size());
      if (link.type != H5L_TYPE_HARD) return follows(file, part, link, rest, folder, links + 1);
      if (rest.empty()) return true;
    }
  }

  /// The rest of the path from where a link leads to.
  bool follows(hid_t file, const std::string& path, const H5L_info_t& link, const std::string& rest,
               const std::filesystem::path& folder, int links) const {
    std::vector<char> value(link.u.val_size + 1);
    if (H5Lget_val(file, path.c_str(), value.data(), value.size(), H5P_DEFAULT) < 0) return false;
    if (link.type == H5L_TYPE_SOFT) {
      std::string to = value.data();
      if (const auto slash = path.rfind('/'); !to.starts_with('/') && slash != std::string::npos)
        to = path.substr(0, slash + 1) + to;
      return leads_to(file, to + rest, folder, links);
    }
    const char *name = nullptr, *object = nullptr;
    if (link.type != H5L_TYPE_EXTERNAL ||
        H5Lunpack_elink_val(value.data(), link.u.val_size, nullptr, &name, &object) < 0)
      return false;
    for (const auto& other : {folder / name, std::filesystem::path(name)}) {  // as HDF5 looks
      require_regular(other);
      const Handle opened(H5Fopen(other.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose);
      if (opened) return leads_to(opened, object + rest, other.parent_path(), links);
    }
    return false;
  }

  const DataPlace& place_;
  Handle file_;
};

std::string choose(const File& file, const std::string& wanted) {
  std::string path = wanted;
  while (path.starts_with('/')) path.erase(0, 1);
  if (!path.empty() && file.has(path)) return path;
  if (path.empty() && file.has(fields_path)) return fields_path;
  auto names = file.datasets();
  if (path.empty() && names.size() == 1) return names.front();
  if (names.empty())
    file.fail("it holds no dataset of numbers", "save the rows as a dataset (rows, columns)");
  const std::size_t all = names.size(), listed = std::min<std::size_t>(all, 8);
  names.resize(listed);
  const std::string hint =
      fmt::format("dataset = one of: {}{}", fmt::join(names, ", "), listed < all ? ", ..." : "");
  if (path.empty()) file.fail(fmt::format("it holds {} datasets, and none is named", all), hint);
  file.fail(fmt::format("it holds no dataset '{}'", printable(path)), hint);
}

std::string type_of(const File& file, hid_t set, const std::string& path) {
  const Handle type(H5Dget_type(set), H5Tclose);
  const std::size_t size = H5Tget_size(type);
  switch (H5Tget_class(type)) {
    case H5T_FLOAT:
      return "f" + std::to_string(size);
    case H5T_ENUM:
      return "b" + std::to_string(size);  // h5py's booleans
    case H5T_INTEGER:
      return (H5Tget_sign(type) == H5T_SGN_NONE ? "u" : "i") + std::to_string(size);
    default:
      file.fail(fmt::format("'{}' holds no real numbers", printable(path)),
                "name a dataset of integers or floats");
  }
}

std::vector<std::size_t> shape_of(const File& file, hid_t set, const std::string& path) {
  auto shape = hdf5::shape_of(set);
  if (shape.empty())
    file.fail(fmt::format("'{}' holds a single value, not rows", printable(path)),
              "name a dataset of shape (rows, columns)");
  return shape;
}

/// Whether another dataset may be read for this one's values: one that maps to itself would be for
/// ever.
bool may_come_back(const File& holder, const DataPlace& place, hid_t created) {
  std::size_t count = 0;
  H5Pget_virtual_count(created, &count);
  for (std::size_t k = 0; k < count; ++k) {
    std::string source(static_cast<std::size_t>(
                           std::max<ssize_t>(H5Pget_virtual_filename(created, k, nullptr, 0), 0)) +
                           1,
                       '\0');
    H5Pget_virtual_filename(created, k, source.data(), source.size());
    source.pop_back();
    const auto file = place.path.parent_path() / source;
    std::error_code error;
    if (source == "." || source.find('%') != std::string::npos ||
        std::filesystem::equivalent(file, place.path, error))
      return true;
    holder.require_regular(file);
    // One step is enough: the sources of a source may lead anywhere.
    std::string set(static_cast<std::size_t>(
                        std::max<ssize_t>(H5Pget_virtual_dsetname(created, k, nullptr, 0), 0)) +
                        1,
                    '\0');
    H5Pget_virtual_dsetname(created, k, set.data(), set.size());
    set.pop_back();
    const Handle other(H5Fopen(file.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose);
    const Handle values(other ? H5Dopen2(other, set.c_str(), H5P_DEFAULT) : -1, H5Dclose);
    if (!values)  // HDF5 would give zeros
      holder.fail(fmt::format("its dataset takes values from '{}' in '{}', which is not there",
                              printable(set), printable(source)),
                  "put that file where it belongs, or copy the values into a dataset");
    const Handle how(H5Dget_create_plist(values), H5Pclose);
    if (H5Pget_layout(how) == H5D_VIRTUAL) return true;
  }
  return false;
}

/// What the file can hold; no bound where the values are in others.
std::uint64_t max_values(const File& file, hid_t set, const DataPlace& place) {
  const Handle created(H5Dget_create_plist(set), H5Pclose);
  if (H5Pget_layout(created) == H5D_VIRTUAL) {
    if (may_come_back(file, place, created))
      file.fail("its dataset is put together from this file, or from one that is put together",
                "copy the values into a dataset of their own");
    return std::numeric_limits<std::uint64_t>::max();
  }
  if (const int parts = H5Pget_external_count(created); parts > 0) {
    for (int k = 0; k < parts; ++k) {
      char name[4096] = {};
      H5Pget_external(created, static_cast<unsigned>(k), sizeof name - 1, name, nullptr, nullptr);
      file.require_regular(name);
    }
    return std::numeric_limits<std::uint64_t>::max();
  }
  const std::uint64_t most = max_inflation * std::filesystem::file_size(place.path);
  if (const auto why = hdf5::unreadable(set, most); !why.empty())
    file.fail(fmt::format("its dataset {}", why), why.find("filter") == std::string::npos
                                                      ? fetch_again
                                                      : "pack it with gzip, or not at all");
  return most;
}

/// The extents of the lattice that a run file's fields live on, where they fill it.
std::vector<std::size_t> lattice_shape(const File& file, std::size_t sites) {
  if (!file.has("model")) return {sites};
  const Handle extent(H5Aopen_by_name(file.id(), "model", "extent", H5P_DEFAULT, H5P_DEFAULT),
                      H5Aclose);
  if (!extent) return {sites};
  const Handle space(H5Aget_space(extent), H5Sclose);
  const hssize_t rank = H5Sget_simple_extent_npoints(space);
  if (rank < 1 || rank > 16) return {sites};
  std::vector<std::uint64_t> values(static_cast<std::size_t>(rank));
  if (H5Aread(extent, H5T_NATIVE_UINT64, values.data()) < 0) return {sites};
  std::uint64_t product = 1;
  for (const auto value : values) product *= value;
  if (product != sites) return {sites};
  return {values.begin(), values.end()};
}

class DatasetFile final : public DataFile {
 public:
  /// `lead`: how many leading axes count rows.
  DatasetFile(Handle set, std::vector<std::size_t> shape, std::size_t lead, DataFileInfo info)
      : DataFile(std::move(info)), set_(std::move(set)), shape_(std::move(shape)), lead_(lead) {
    for (std::size_t k = 0; k < shape_.size(); ++k) (k < lead_ ? rows_ : columns_) *= shape_[k];
  }
  std::size_t rows() const override { return rows_; }
  std::size_t columns() const override { return columns_; }

  void read(std::span<const std::size_t> rows, std::span<float> out) const override {
    read_as(rows, out, H5T_NATIVE_FLOAT);
  }
  void read_wide(std::span<const std::size_t> rows, std::span<double> out) const override {
    read_as(rows, out, H5T_NATIVE_DOUBLE);
  }

 private:
  template <class T>
  void read_as(std::span<const std::size_t> rows, std::span<T> out, hid_t type) const {
    const hdf5::Silence silence;
    const std::size_t inner = lead_ == 2 ? shape_[1] : rows_;
    for_each_run(rows, rows_, [&](std::size_t first, std::size_t count, std::size_t at) {
      while (count > 0) {  // a run of rows may cross from chain to chain
        const std::size_t part = std::min(count, inner - first % inner);
        read_run(first, part, out.subspan(at * columns_, part * columns_), type);
        first += part, at += part, count -= part;
      }
    });
  }

  template <class T>
  void read_run(std::size_t first, std::size_t count, std::span<T> out, hid_t type) const {
    std::vector<hsize_t> start(shape_.size(), 0), size(shape_.begin(), shape_.end());
    if (lead_ == 2) start[0] = first / shape_[1], size[0] = 1, first %= shape_[1];
    start[lead_ - 1] = first, size[lead_ - 1] = count;
    const Handle space(H5Dget_space(set_), H5Sclose);
    const hsize_t values = out.size();
    const Handle memory(H5Screate_simple(1, &values, nullptr), H5Sclose);
    if (H5Sselect_hyperslab(space, H5S_SELECT_SET, start.data(), nullptr, size.data(), nullptr) <
            0 ||
        H5Dread(set_, type, memory, space, H5P_DEFAULT, out.data()) < 0)
      throw BadInput(fmt::format("cannot read '{}': row {} cannot be read", info().name, first),
                     "the file is damaged, or packed by a filter that this HDF5 lacks");
  }

  Handle set_;  // keeps the file open
  std::vector<std::size_t> shape_;
  std::size_t lead_, rows_ = 1, columns_ = 1;
};

}  // namespace

std::shared_ptr<const DataFile> open_hdf5(const DataPlace& place) {
  const hdf5::Silence silence;
  File file(place);
  const std::string path = choose(file, place.dataset);
  const Handle access(H5Pcreate(H5P_DATASET_ACCESS), H5Pclose);
  H5Pset_chunk_cache(access, 4099, cache_bytes, 1.0);
  Handle set(H5Dopen2(file.id(), path.c_str(), access), H5Dclose);
  if (!set)
    file.fail(fmt::format("'{}' is no dataset, or damaged", printable(path)),
              "h5ls -r FILE lists its datasets");
  const std::uint64_t most = max_values(file, set, place);
  const std::string type = type_of(file, set, path);
  auto shape = shape_of(file, set, path);
  product_within(shape, most, place);
  const std::size_t lead = path == fields_path && shape.size() == 3 ? 2 : 1;
  std::vector<std::size_t> row(shape.begin() + static_cast<std::ptrdiff_t>(lead), shape.end());
  if (lead == 2) row = lattice_shape(file, shape[2]);
  if (row.empty()) row = {1};
  DataFileInfo info{DataFormat::hdf5, fmt::format("{}:{}", file_name(place), printable(path)), type,
                    std::move(row)};
  return std::make_shared<DatasetFile>(std::move(set), std::move(shape), lead, std::move(info));
}

}  // namespace quartic::data
