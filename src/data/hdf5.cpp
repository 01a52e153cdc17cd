#include "data/hdf5.hpp"

#include <fmt/format.h>
#include <hdf5_hl.h>

#include <algorithm>
#include <numeric>

#include "quartic/core/error.hpp"
#include "quartic/data/at_exit.hpp"

void quartic::end_without_hdf5() {
  H5dont_atexit();
}

namespace quartic::hdf5 {
namespace {

Handle string_type() {
  Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
  H5Tset_size(type, H5T_VARIABLE);
  H5Tset_cset(type, H5T_CSET_UTF8);
  return type;
}

std::string parent(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? std::string("/") : path.substr(0, slash);
}

std::vector<const char*> pointers(const std::vector<std::string>& values) {
  std::vector<const char*> out;
  for (const auto& value : values) out.push_back(value.c_str());
  return out;
}

}  // namespace

std::string unreadable(hid_t set, std::uintmax_t most) {
  const Handle created(H5Dget_create_plist(set), H5Pclose), type(H5Dget_type(set), H5Tclose);
  if (H5Pget_layout(created) == H5D_VIRTUAL || H5Pget_external_count(created) > 0)
    return "has its values in another place";
  for (int k = 0; k < H5Pget_nfilters(created); ++k) {
    unsigned flags = 0;
    std::size_t none = 0;
    const auto filter = H5Pget_filter2(created, static_cast<unsigned>(k), &flags, &none, nullptr, 0,
                                       nullptr, nullptr);
    if (filter < H5Z_FILTER_DEFLATE || filter > H5Z_FILTER_SCALEOFFSET)
      return fmt::format("is packed by filter {}, which is none of HDF5's own",
                         static_cast<int>(filter));
  }
  if (H5Pget_layout(created) != H5D_CHUNKED) return {};
  hsize_t chunk[H5S_MAX_RANK] = {};
  const int rank = H5Pget_chunk(created, H5S_MAX_RANK, chunk);
  double bytes = static_cast<double>(H5Tget_size(type));
  for (int k = 0; k < rank; ++k) bytes *= static_cast<double>(chunk[k]);
  return bytes > static_cast<double>(most) ? "has chunks larger than the file can fill" : "";
}

std::vector<std::size_t> shape_of(hid_t set) {
  const Handle space(H5Dget_space(set), H5Sclose);
  std::vector<hsize_t> extent(std::max(H5Sget_simple_extent_ndims(space), 0));
  if (!extent.empty()) H5Sget_simple_extent_dims(space, extent.data(), nullptr);
  return {extent.begin(), extent.end()};
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
  if (status < 0)
    throw Error(ErrorCode::internal, fmt::format("a run file cannot be made: {}", what),
                "is there enough memory?");
}

Writer::Writer() : strings_(string_type()) {
  constexpr std::size_t grown_by = std::size_t{1} << 20;
  access_ = own(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "out of HDF5 resources");
  check(H5Pset_fapl_core(access_, grown_by, 0), "out of HDF5 resources");
  const auto name = fmt::format("{}", fmt::ptr(this));  // two of one name would be one file
  file_ = own(H5Fcreate(name.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access_), H5Fclose,
              "the file cannot be created");
  link_ = own(H5Pcreate(H5P_LINK_CREATE), H5Pclose, "out of HDF5 resources");
  check(H5Pset_create_intermediate_group(link_, 1), "out of HDF5 resources");
}

void Writer::fill(hid_t set, hid_t type, const void* values, std::size_t count) const {
  if (count > 0)
    check(H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), "writing failed");
}

void Writer::put_dimension(const std::string& group, const std::string& name, hid_t type,
                           const void* values, hsize_t count) {
  const Handle space = own(H5Screate_simple(1, &count, nullptr), H5Sclose, "bad shape");
  const std::string path = place_(group) + "/" + name;
  const Handle set =
      own(H5Dcreate2(file_, path.c_str(), type, space, link_, H5P_DEFAULT, H5P_DEFAULT), H5Dclose,
          "a dimension cannot be created");
  check(H5DSset_scale(set, name.c_str()), "a dimension scale");
  fill(set, type, values, count);
}

void Writer::dimension(const std::string& group, const std::string& name,
                       const std::vector<std::string>& values) {
  put_dimension(group, name, strings_, pointers(values).data(), values.size());
}

void Writer::count(const std::string& group, const std::string& name, std::size_t size) {
  std::vector<std::int32_t> values(size);
  std::iota(values.begin(), values.end(), 0);
  dimension<std::int32_t>(group, name, values);
}

void Writer::put(const std::string& path, hid_t type, const void* values, std::size_t count,
                 const std::vector<std::string>& dimensions) {
  std::vector<Handle> scales;
  std::vector<hsize_t> extent;
  const std::string full_path = place_(path);
  for (const auto& name : dimensions) {
    const std::string full = parent(full_path) + "/" + name;
    scales.push_back(
        own(H5Dopen2(file_, full.c_str(), H5P_DEFAULT), H5Dclose, "a dimension is missing"));
    extent.push_back(shape_of(scales.back()).front());
  }
  const Handle space = own(dimensions.empty() ? H5Screate(H5S_SCALAR)
                                              : H5Screate_simple(static_cast<int>(extent.size()),
                                                                 extent.data(), nullptr),
                           H5Sclose, "bad shape");
  const Handle set =
      own(H5Dcreate2(file_, full_path.c_str(), type, space, link_, H5P_DEFAULT, H5P_DEFAULT),
          H5Dclose, "a dataset cannot be created");
  for (std::size_t k = 0; k < scales.size(); ++k)
    check(H5DSattach_scale(set, scales[k], static_cast<unsigned>(k)),
          "a dimension cannot be attached");
  if (H5Sget_simple_extent_npoints(space) != static_cast<hssize_t>(count))
    throw Error(ErrorCode::internal,
                fmt::format("dataset '{}' does not fill its dimensions", path));
  fill(set, type, values, count);
}

void Writer::texts(const std::string& path, const std::vector<std::string>& values,
                   const std::vector<std::string>& dimensions) {
  put(path, strings_, pointers(values).data(), values.size(), dimensions);
}

void Writer::put_attribute(const std::string& in_group, const std::string& name, hid_t type,
                           const void* values, std::optional<hsize_t> count) {
  const std::string group = place_(in_group);
  if (H5Lexists(file_, group.c_str(), H5P_DEFAULT) <= 0)
    own(H5Gcreate2(file_, group.c_str(), link_, H5P_DEFAULT, H5P_DEFAULT), H5Gclose, "a group");
  const Handle space = own(count ? H5Screate_simple(1, &*count, nullptr) : H5Screate(H5S_SCALAR),
                           H5Sclose, "bad shape");
  const Handle at = own(H5Acreate_by_name(file_, group.c_str(), name.c_str(), type, space,
                                          H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
                        H5Aclose, "an attribute cannot be created");
  check(H5Awrite(at, type, values), "writing failed");
}

void Writer::attribute(const std::string& group, const std::string& name,
                       const std::string& value) {
  const char* const pointer = value.c_str();
  put_attribute(group, name, strings_, &pointer);
}

std::span<const std::byte> Writer::finish() {
  check(H5Fflush(file_, H5F_SCOPE_GLOBAL), "flushing failed");
  const ssize_t size = H5Fget_file_image(file_, nullptr, 0);
  void* at = nullptr;  // of the memory that holds the file
  check(size < 0 ? -1 : H5Fget_vfd_handle(file_, access_, &at), "its memory cannot be found");
  return {*static_cast<const std::byte* const*>(at), static_cast<std::size_t>(size)};
}

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
  max_values_ = std::filesystem::file_size(file, error);
  if (max_values_ == 0) refuse("it is empty");
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

/// Refuses links on the way.
bool Reader::is_there(const std::string& path) const {
  for (std::size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
    const std::string part = path.substr(0, slash);
    if (!groups_.contains(part)) {
      H5L_info_t info{};
      if (H5Lget_info(file_, part.c_str(), &info, H5P_DEFAULT) < 0) return false;
      if (info.type != H5L_TYPE_HARD) refuse(fmt::format("'{}' is a link to another place", part));
    }
    if (slash == std::string::npos) return true;
    groups_.insert(part);
  }
}

bool Reader::has(const std::string& path) const {
  return is_there(place_(stored_name(path)));
}

bool Reader::has_attribute(const std::string& group, const std::string& name) const {
  return has(group) && H5Aexists_by_name(file_, place_(group).c_str(),
                                         stored_attribute(group, name).c_str(), H5P_DEFAULT) > 0;
}

Handle Reader::open(const std::string& in_path) const {
  const std::string path = place_(stored_name(in_path));
  if (!is_there(path)) refuse(fmt::format("it has no '{}'", path));
  Handle set = own(H5Dopen2(file_, path.c_str(), H5P_DEFAULT), H5Dclose,
                   fmt::format("'{}' is no dataset", path));
  if (const auto why = unreadable(set, max_values_); !why.empty())
    refuse(fmt::format("'{}' {}", path, why));
  return set;
}

std::vector<std::size_t> Reader::shape(const std::string& path) const {
  return shape_of(open(path));
}

Reader::Stored Reader::dataset(const std::string& path) const {
  Handle set = open(path);
  Handle type(H5Dget_type(set), H5Tclose), space(H5Dget_space(set), H5Sclose);
  const auto read = [](hid_t id, hid_t as, void* out) {
    return H5Dread(id, as, H5S_ALL, H5S_ALL, H5P_DEFAULT, out);
  };
  return {path, std::move(set), std::move(type), std::move(space), read, max_values_};
}

Reader::Stored Reader::open_attribute(const std::string& group, const std::string& name) const {
  if (!has_attribute(group, name))
    refuse(fmt::format("'{}' has no attribute '{}'", place_(group), name));
  Handle at = own(H5Aopen_by_name(file_, place_(group).c_str(),
                                  stored_attribute(group, name).c_str(), H5P_DEFAULT, H5P_DEFAULT),
                  H5Aclose, fmt::format("attribute '{}@{}' cannot be read", group, name));
  Handle type(H5Aget_type(at), H5Tclose), space(H5Aget_space(at), H5Sclose);
  return {group + "@" + name, std::move(at), std::move(type), std::move(space), H5Aread, 1 << 16};
}

void Reader::require_count(const std::string& name, std::size_t count, std::size_t wanted) const {
  if (count != wanted) refuse(fmt::format("'{}' has {} values, not {}", name, count, wanted));
}

void Reader::require_rank(const std::string& path, std::size_t has, std::size_t wanted) const {
  if (has != wanted) refuse(fmt::format("'{}' has {} dimensions, not {}", path, has, wanted));
}

/// Of what its extents are those of; null: the file has none.
const std::vector<std::size_t>* Reader::dimension(const std::string& path) const {
  const auto [at, is_new] = dimensions_.try_emplace(place_(path));
  if (is_new && has(path)) at->second = shape(path);
  return at->second ? &*at->second : nullptr;
}

void Reader::require_along(const std::string& path, const Stored& stored,
                           const std::vector<std::string>& along) const {
  const auto extents = shape_of(stored.id);
  require_rank(path, extents.size(), along.size());
  const std::string group = path.substr(0, path.rfind('/') + 1);
  for (std::size_t k = 0; k < along.size(); ++k) {
    const std::string name = group + along[k];
    const auto* shape = dimension(name);
    if (shape && *shape != std::vector{extents[k]})
      refuse(fmt::format("'{}' is not as long as '{}'", path, name));
  }
}

void Reader::refuse_infinite(const std::string& path) const {
  refuse(fmt::format("'{}' has a number that is not finite", path));
}

void Reader::refuse_out_of_range(const std::string& name) const {
  refuse(fmt::format("'{}' has a number out of range", name));
}

std::size_t Reader::count(const Stored& stored) const {
  const hssize_t count = H5Sget_simple_extent_npoints(stored.space);
  if (count < 0 || static_cast<std::uintmax_t>(count) > stored.max_values)
    refuse(fmt::format("'{}' claims {} values", stored.name, count));
  return static_cast<std::size_t>(count);
}

void Reader::load(const Stored& stored, hid_t type, void* out) const {
  if (stored.read(stored.id, type, out) < 0)
    refuse(fmt::format("'{}' cannot be read", stored.name));
}

void Reader::require_class(const Stored& stored, H5T_class_t kind) const {
  if (H5Tget_class(stored.type) == kind) return;
  refuse(fmt::format("'{}' does not hold {}", stored.name,
                     kind == H5T_INTEGER ? "integers" : "floating-point numbers"));
}

std::vector<std::string> Reader::strings(const Stored& stored) const {
  if (H5Tget_class(stored.type) != H5T_STRING || H5Tis_variable_str(stored.type) <= 0)
    refuse(fmt::format("'{}' does not hold variable-length strings", stored.name));
  std::vector<char*> pointers(count(stored));
  std::vector<std::string> values;
  if (pointers.empty()) return values;
  load(stored, strings_, pointers.data());
  for (const char* pointer : pointers) values.emplace_back(pointer ? pointer : "");
  H5Dvlen_reclaim(strings_, stored.space, H5P_DEFAULT, pointers.data());
  return values;
}

std::string Reader::string(const Stored& stored) const {
  auto values = strings(stored);
  if (values.size() != 1) refuse(fmt::format("'{}' is not one string", stored.name));
  return values.front();
}

}  // namespace quartic::hdf5
