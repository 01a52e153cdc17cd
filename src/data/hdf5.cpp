#include "data/hdf5.hpp"

#include <fmt/format.h>
#include <hdf5_hl.h>

#include <algorithm>
#include <numeric>

#include "quartic/core/error.hpp"

namespace quartic::hdf5 {
namespace {

Handle string_type() {
  Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
  H5Tset_size(type, H5T_VARIABLE);
  H5Tset_cset(type, H5T_CSET_UTF8);
  return type;
}

void require_filled(hid_t set, const std::string& path, std::size_t values) {
  const Handle space(H5Dget_space(set), H5Sclose);
  if (H5Sget_simple_extent_npoints(space) != static_cast<hssize_t>(values))
    throw Error(ErrorCode::internal,
                fmt::format("dataset '{}' does not fill its dimensions", path));
}

std::string parent(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? std::string("/") : path.substr(0, slash);
}

}  // namespace

template <>
hid_t type_of<float>() {
  return H5T_NATIVE_FLOAT;
}
template <>
hid_t type_of<double>() {
  return H5T_NATIVE_DOUBLE;
}
template <>
hid_t type_of<std::int32_t>() {
  return H5T_NATIVE_INT32;
}
template <>
hid_t type_of<std::uint32_t>() {
  return H5T_NATIVE_UINT32;
}
template <>
hid_t type_of<std::uint64_t>() {
  return H5T_NATIVE_UINT64;
}
template <>
hid_t type_of<std::uint8_t>() {
  return H5T_NATIVE_UINT8;
}

Silence::Silence() {
  H5Eget_auto2(H5E_DEFAULT, &handler_, &data_);
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}
Silence::~Silence() {
  H5Eset_auto2(H5E_DEFAULT, handler_, data_);
}

// ---- writing ------------------------------------------------------------------------------------

template <class Id>
Handle Writer::own(Id id, Handle::Close closer, const char* what) const {
  if (id < 0) check(-1, what);
  return Handle(id, closer);
}

void Writer::check(herr_t status, const char* what) const {
  if (status < 0) {
    throw BadInput(fmt::format("cannot write '{}': {}", name_.string(), what),
                   "is the disk full, or the directory gone?");
  }
}

Writer::Writer(const std::filesystem::path& file) : name_(file), strings_(string_type()) {
  file_ = own(H5Fcreate(name_.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), H5Fclose,
              "the file cannot be created");
  link_ = own(H5Pcreate(H5P_LINK_CREATE), H5Pclose, "out of HDF5 resources");
  check(H5Pset_create_intermediate_group(link_, 1), "out of HDF5 resources");
}

Handle Writer::create(const std::string& path, hid_t type,
                      const std::vector<std::string>& dimensions) {
  std::vector<Handle> scales;
  std::vector<hsize_t> extent;
  const std::string full_path = place_(path);
  for (const auto& name : dimensions) {
    const std::string full = parent(full_path) + "/" + name;
    scales.push_back(
        own(H5Dopen2(file_, full.c_str(), H5P_DEFAULT), H5Dclose, "a dimension is missing"));
    const Handle space(H5Dget_space(scales.back()), H5Sclose);
    H5Sget_simple_extent_dims(space, &extent.emplace_back(), nullptr);
  }
  const Handle space = own(dimensions.empty() ? H5Screate(H5S_SCALAR)
                                              : H5Screate_simple(static_cast<int>(extent.size()),
                                                                 extent.data(), nullptr),
                           H5Sclose, "bad shape");
  Handle set =
      own(H5Dcreate2(file_, full_path.c_str(), type, space, link_, H5P_DEFAULT, H5P_DEFAULT),
          H5Dclose, "a dataset cannot be created");
  for (std::size_t k = 0; k < scales.size(); ++k)
    check(H5DSattach_scale(set, scales[k], static_cast<unsigned>(k)),
          "a dimension cannot be attached");
  return set;
}

template <class T>
void Writer::dimension(const std::string& group, const std::string& name,
                       std::span<const T> values) {
  const hsize_t size = values.size();
  const Handle space = own(H5Screate_simple(1, &size, nullptr), H5Sclose, "bad shape");
  const std::string path = place_(group) + "/" + name;
  const Handle set =
      own(H5Dcreate2(file_, path.c_str(), type_of<T>(), space, link_, H5P_DEFAULT, H5P_DEFAULT),
          H5Dclose, "a dimension cannot be created");
  check(H5DSset_scale(set, name.c_str()), "a dimension scale");
  if (size > 0)
    check(H5Dwrite(set, type_of<T>(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()),
          "writing failed");
}

void Writer::dimension(const std::string& group, const std::string& name,
                       const std::vector<std::string>& values) {
  const hsize_t size = values.size();
  const Handle space = own(H5Screate_simple(1, &size, nullptr), H5Sclose, "bad shape");
  const std::string path = place_(group) + "/" + name;
  const Handle set =
      own(H5Dcreate2(file_, path.c_str(), strings_, space, link_, H5P_DEFAULT, H5P_DEFAULT),
          H5Dclose, "a dimension cannot be created");
  check(H5DSset_scale(set, name.c_str()), "a dimension scale");
  std::vector<const char*> pointers;
  for (const auto& value : values) pointers.push_back(value.c_str());
  if (size > 0)
    check(H5Dwrite(set, strings_, H5S_ALL, H5S_ALL, H5P_DEFAULT, pointers.data()),
          "writing failed");
}

void Writer::count(const std::string& group, const std::string& name, std::size_t size) {
  std::vector<std::int32_t> values(size);
  std::iota(values.begin(), values.end(), 0);
  dimension<std::int32_t>(group, name, values);
}

template <class T>
void Writer::write(const std::string& path, std::span<const T> values,
                   const std::vector<std::string>& dimensions) {
  const Handle set = create(path, type_of<T>(), dimensions);
  require_filled(set, path, values.size());
  if (!values.empty())
    check(H5Dwrite(set, type_of<T>(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()),
          "writing failed");
}

void Writer::texts(const std::string& path, const std::vector<std::string>& values,
                   const std::vector<std::string>& dimensions) {
  const Handle set = create(path, strings_, dimensions);
  require_filled(set, path, values.size());
  std::vector<const char*> pointers;
  for (const auto& value : values) pointers.push_back(value.c_str());
  if (!values.empty())
    check(H5Dwrite(set, strings_, H5S_ALL, H5S_ALL, H5P_DEFAULT, pointers.data()),
          "writing failed");
}

template <class T>
void Writer::attributes(const std::string& in_group, const std::string& name,
                        std::span<const T> values, bool scalar) {
  const std::string group = place_(in_group);
  const hsize_t size = values.size();
  if (H5Lexists(file_, group.c_str(), H5P_DEFAULT) <= 0)
    own(H5Gcreate2(file_, group.c_str(), link_, H5P_DEFAULT, H5P_DEFAULT), H5Gclose, "a group");
  const Handle space = own(scalar ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &size, nullptr),
                           H5Sclose, "bad shape");
  const Handle at = own(H5Acreate_by_name(file_, group.c_str(), name.c_str(), type_of<T>(), space,
                                          H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
                        H5Aclose, "an attribute cannot be created");
  check(H5Awrite(at, type_of<T>(), values.data()), "writing failed");
}

void Writer::attribute(const std::string& in_group, const std::string& name,
                       const std::string& value) {
  const std::string group = place_(in_group);
  if (H5Lexists(file_, group.c_str(), H5P_DEFAULT) <= 0)
    own(H5Gcreate2(file_, group.c_str(), link_, H5P_DEFAULT, H5P_DEFAULT), H5Gclose, "a group");
  const Handle space = own(H5Screate(H5S_SCALAR), H5Sclose, "bad shape");
  const Handle at = own(H5Acreate_by_name(file_, group.c_str(), name.c_str(), strings_, space,
                                          H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
                        H5Aclose, "an attribute cannot be created");
  const char* pointer = value.c_str();
  check(H5Awrite(at, strings_, &pointer), "writing failed");
}

void Writer::close() {
  check(H5Fflush(file_, H5F_SCOPE_GLOBAL), "flushing failed");
  file_ = Handle();
}

template void Writer::dimension(const std::string&, const std::string&,
                                std::span<const std::int32_t>);
template void Writer::dimension(const std::string&, const std::string&, std::span<const double>);
template void Writer::write(const std::string&, std::span<const float>,
                            const std::vector<std::string>&);
template void Writer::write(const std::string&, std::span<const double>,
                            const std::vector<std::string>&);
template void Writer::write(const std::string&, std::span<const std::int32_t>,
                            const std::vector<std::string>&);
template void Writer::write(const std::string&, std::span<const std::uint32_t>,
                            const std::vector<std::string>&);
template void Writer::write(const std::string&, std::span<const std::uint8_t>,
                            const std::vector<std::string>&);
template void Writer::attributes(const std::string&, const std::string&, std::span<const double>,
                                 bool);
template void Writer::attributes(const std::string&, const std::string&,
                                 std::span<const std::int32_t>, bool);
template void Writer::attributes(const std::string&, const std::string&,
                                 std::span<const std::uint64_t>, bool);
template void Writer::attributes(const std::string&, const std::string&,
                                 std::span<const std::uint8_t>, bool);

// ---- reading ------------------------------------------------------------------------------------

void Reader::refuse(const std::string& what) const {
  throw BadInput(fmt::format("'{}' is not a whole quartic run file: {}", name_.string(), what),
                 "docs/run-file.md lists what a run file holds");
}

Handle Reader::own(hid_t id, Handle::Close close, const std::string& what) const {
  if (id < 0) refuse(what);
  return Handle(id, close);
}

Reader::Reader(const std::filesystem::path& file) : name_(file), strings_(string_type()) {
  std::error_code error;
  if (!std::filesystem::exists(file, error))
    throw BadInput(fmt::format("there is no run file '{}'", file.string()), "check the path");
  if (!std::filesystem::is_regular_file(file, error)) refuse("it is no regular file");
  if (std::filesystem::file_size(file, error) == 0) refuse("it is empty");
  if (H5Fis_hdf5(name_.c_str()) <= 0) refuse("it is not HDF5, or cannot be read");
  file_ = own(H5Fopen(name_.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose,
              "it is truncated or damaged");
}

std::string Reader::stored_name(const std::string& name) const {
  for (const auto& [now, before] : former_names_) {
    if (name == now) return std::string(before);
    if (now.ends_with('/') && name.starts_with(now))
      return std::string(before) + name.substr(now.size());
  }
  return name;
}

std::string Reader::stored_attribute(const std::string& group, const std::string& name) const {
  const std::string stored = stored_name(group + "@" + name);
  return stored.substr(stored.rfind('@') + 1);
}

bool Reader::has(const std::string& in_path) const {
  const std::string path = place_(stored_name(in_path));
  for (std::size_t slash = path.find('/'); slash != std::string::npos;
       slash = path.find('/', slash + 1))
    if (H5Lexists(file_, path.substr(0, slash).c_str(), H5P_DEFAULT) <= 0) return false;
  return H5Lexists(file_, path.c_str(), H5P_DEFAULT) > 0;
}

bool Reader::has_attribute(const std::string& group, const std::string& name) const {
  return has(group) && H5Aexists_by_name(file_, place_(group).c_str(),
                                         stored_attribute(group, name).c_str(), H5P_DEFAULT) > 0;
}

Handle Reader::dataset(const std::string& in_path) const {
  const std::string path = place_(stored_name(in_path));
  if (!has(in_path)) refuse(fmt::format("it has no '{}'", path));
  return own(H5Dopen2(file_, path.c_str(), H5P_DEFAULT), H5Dclose,
             fmt::format("'{}' is no dataset", path));
}

std::vector<std::size_t> Reader::shape(const std::string& path) const {
  const Handle set = dataset(path);
  const Handle space = own(H5Dget_space(set), H5Sclose, fmt::format("'{}' has no shape", path));
  const int rank = H5Sget_simple_extent_ndims(space);
  std::vector<hsize_t> extent(std::max(rank, 0));
  if (rank > 0) H5Sget_simple_extent_dims(space, extent.data(), nullptr);
  return {extent.begin(), extent.end()};
}

bool Reader::is_float32(const std::string& path) const {
  const Handle set = dataset(path);
  const Handle type(H5Dget_type(set), H5Tclose);
  return H5Tget_class(type) == H5T_FLOAT && H5Tget_size(type) == sizeof(float);
}

void Reader::require_numbers(hid_t type, const std::string& path) const {
  const auto kind = H5Tget_class(type);
  if (kind != H5T_INTEGER && kind != H5T_FLOAT)
    refuse(fmt::format("'{}' does not hold numbers", path));
}

void Reader::require_strings(hid_t type, const std::string& path) const {
  if (H5Tget_class(type) != H5T_STRING || H5Tis_variable_str(type) <= 0)
    refuse(fmt::format("'{}' does not hold variable-length strings", path));
}

template <class T>
std::vector<T> Reader::read(const std::string& path) const {
  const Handle set = dataset(path);
  const Handle type(H5Dget_type(set), H5Tclose), space(H5Dget_space(set), H5Sclose);
  require_numbers(type, path);
  const hssize_t count = H5Sget_simple_extent_npoints(space);
  // A damaged header may claim any size: it cannot hold more than the file does.
  std::error_code error;
  if (count < 0 ||
      (count > 0 && static_cast<std::uintmax_t>(count) > std::filesystem::file_size(name_, error)))
    refuse(fmt::format("'{}' claims {} values", path, count));
  std::vector<T> values(static_cast<std::size_t>(count));
  if (count > 0 && H5Dread(set, type_of<T>(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) < 0)
    refuse(fmt::format("'{}' cannot be read", path));
  return values;
}

template <class T>
std::vector<T> Reader::read(const std::string& path, std::size_t count) const {
  auto values = read<T>(path);
  if (values.size() != count)
    refuse(fmt::format("'{}' has {} values, not {}", path, values.size(), count));
  return values;
}

std::vector<std::string> Reader::texts(const std::string& path) const {
  const Handle set = dataset(path);
  const Handle type(H5Dget_type(set), H5Tclose), space(H5Dget_space(set), H5Sclose);
  require_strings(type, path);
  const hssize_t count = H5Sget_simple_extent_npoints(space);
  std::error_code error;
  if (count < 0 || static_cast<std::uintmax_t>(count) > std::filesystem::file_size(name_, error))
    refuse(fmt::format("'{}' claims {} values", path, count));
  std::vector<char*> pointers(static_cast<std::size_t>(count));
  std::vector<std::string> values;
  if (count == 0) return values;
  if (H5Dread(set, strings_, H5S_ALL, H5S_ALL, H5P_DEFAULT, pointers.data()) < 0)
    refuse(fmt::format("'{}' cannot be read", path));
  for (const char* pointer : pointers) values.emplace_back(pointer ? pointer : "");
  H5Dvlen_reclaim(strings_, space, H5P_DEFAULT, pointers.data());
  return values;
}

std::string Reader::text(const std::string& path) const {
  auto values = texts(path);
  if (values.size() != 1) refuse(fmt::format("'{}' is not one string", path));
  return values.front();
}

Handle Reader::open_attribute(const std::string& group, const std::string& name) const {
  if (!has_attribute(group, name))
    refuse(fmt::format("'{}' has no attribute '{}'", place_(group), name));
  return own(H5Aopen_by_name(file_, place_(group).c_str(), stored_attribute(group, name).c_str(),
                             H5P_DEFAULT, H5P_DEFAULT),
             H5Aclose, fmt::format("attribute '{}@{}' cannot be read", group, name));
}

template <class T>
std::vector<T> Reader::attributes(const std::string& group, const std::string& name) const {
  const std::string path = group + "@" + name;
  const Handle at = open_attribute(group, name);
  const Handle type(H5Aget_type(at), H5Tclose), space(H5Aget_space(at), H5Sclose);
  require_numbers(type, path);
  const hssize_t count = H5Sget_simple_extent_npoints(space);
  if (count < 0 || count > (1 << 16)) refuse(fmt::format("'{}' claims {} values", path, count));
  std::vector<T> values(static_cast<std::size_t>(count));
  if (count > 0 && H5Aread(at, type_of<T>(), values.data()) < 0)
    refuse(fmt::format("'{}' cannot be read", path));
  return values;
}

template <class T>
T Reader::attribute(const std::string& group, const std::string& name) const {
  const auto values = attributes<T>(group, name);
  if (values.size() != 1) refuse(fmt::format("'{}@{}' is not one number", group, name));
  return values.front();
}

std::string Reader::text_attribute(const std::string& group, const std::string& name) const {
  const std::string path = group + "@" + name;
  const Handle at = open_attribute(group, name);
  const Handle type(H5Aget_type(at), H5Tclose), space(H5Aget_space(at), H5Sclose);
  require_strings(type, path);
  if (H5Sget_simple_extent_npoints(space) != 1) refuse(fmt::format("'{}' is not one string", path));
  char* pointer = nullptr;
  if (H5Aread(at, strings_, &pointer) < 0) refuse(fmt::format("'{}' cannot be read", path));
  std::string value = pointer ? pointer : "";
  H5Dvlen_reclaim(strings_, space, H5P_DEFAULT, &pointer);
  return value;
}

#define QUARTIC_READ(T)                                                                     \
  template std::vector<T> Reader::read(const std::string&) const;                           \
  template std::vector<T> Reader::read(const std::string&, std::size_t) const;              \
  template std::vector<T> Reader::attributes(const std::string&, const std::string&) const; \
  template T Reader::attribute(const std::string&, const std::string&) const;
QUARTIC_READ(float)
QUARTIC_READ(double)
QUARTIC_READ(std::int32_t)
QUARTIC_READ(std::uint32_t)
QUARTIC_READ(std::uint64_t)
QUARTIC_READ(std::uint8_t)
#undef QUARTIC_READ

}  // namespace quartic::hdf5
