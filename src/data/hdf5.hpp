// A small RAII wrapper over the HDF5 C API: named datasets with dimension scales, attributes,
// strings. Errors become BadInput with the file's name; HDF5 itself never prints.
#pragma once

#include <hdf5.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace quartic::hdf5 {

/// The seal at the end of a run file: a checksum of all before it. HDF5 1.10 itself may crash on
/// damaged bytes, so damage must be found before HDF5 sees it. HDF5 ignores what follows its own
/// data, and drops it when a file is changed: a run file that was edited with other tools has no
/// seal and is read unchecked.
enum class Seal { absent, intact, broken };

/// The seal of what stands before it. O(size).
std::array<std::byte, 24> seal_of(std::span<const std::byte> bytes);

/// O(size).
Seal check_seal(const std::filesystem::path& file);

/// Owns one HDF5 identifier.
class Handle {
 public:
  using Close = herr_t (*)(hid_t);
  Handle() = default;
  Handle(hid_t id, Close close) : id_(id), close_(close) {}
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(close_, other.close_);
    return *this;
  }
  ~Handle() {
    if (id_ >= 0) close_(id_);
  }
  operator hid_t() const { return id_; }
  explicit operator bool() const { return id_ >= 0; }

 private:
  hid_t id_ = -1;
  Close close_ = nullptr;
};

/// Switches off HDF5's own error printing while it lives, and restores the handler that was there.
class Silence {
 public:
  Silence();
  ~Silence();
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;

 private:
  H5E_auto2_t handler_ = nullptr;
  void* data_ = nullptr;
};

template <class T>
hid_t type_of() {
  if constexpr (std::is_same_v<T, float>) return H5T_NATIVE_FLOAT;
  if constexpr (std::is_same_v<T, double>) return H5T_NATIVE_DOUBLE;
  if constexpr (std::is_same_v<T, std::int32_t>) return H5T_NATIVE_INT32;
  if constexpr (std::is_same_v<T, std::int64_t>) return H5T_NATIVE_INT64;
  if constexpr (std::is_same_v<T, std::uint32_t>) return H5T_NATIVE_UINT32;
  if constexpr (std::is_same_v<T, std::uint64_t>) return H5T_NATIVE_UINT64;
  if constexpr (std::is_same_v<T, std::uint8_t>) return H5T_NATIVE_UINT8;
}

/// The extents of a dataset; none of a scalar.
std::vector<std::size_t> shape_of(hid_t set);

/// Why the values of a dataset are not read: they are in another place, packed by a filter that is
/// not HDF5's own, or in chunks of more than `most` bytes. Empty: they are.
std::string unreadable(hid_t set, std::uintmax_t most);

/// The group that paths begin at; "": the file itself.
class Place {
 public:
  std::string operator()(const std::string& path) const {
    return group_.empty() ? path : group_ + "/" + path;
  }
  void enter(std::string group) { group_ = std::move(group); }

 private:
  std::string group_;
};

/// A new file in memory: HDF5 1.10 cannot end where a disk is full. Groups appear as paths are
/// written; dimensions are named per group.
class Writer {
 public:
  Writer();
  /// Paths begin at this group from now on; "": at the file.
  void enter(const std::string& group) { place_.enter(group); }

  /// A dimension of `group` as a coordinate variable (an HDF5 dimension scale).
  template <class T>
  void dimension(const std::string& group, const std::string& name, std::span<const T> values) {
    put_dimension(group, name, type_of<T>(), values.data(), values.size());
  }
  void dimension(const std::string& group, const std::string& name,
                 const std::vector<std::string>& values);
  /// The dimension 0, 1, ..., size - 1.
  void count(const std::string& group, const std::string& name, std::size_t size);

  /// A dataset whose dimensions were declared in its group before; none: a scalar.
  template <class T>
  void write(const std::string& path, std::span<const T> values,
             const std::vector<std::string>& dimensions) {
    put(path, type_of<T>(), values.data(), values.size(), dimensions);
  }
  void texts(const std::string& path, const std::vector<std::string>& values,
             const std::vector<std::string>& dimensions);
  template <class T>
  void scalar(const std::string& path, T value) {
    write(path, std::span<const T>(&value, 1), {});
  }
  void text(const std::string& path, const std::string& value) { texts(path, {value}, {}); }

  template <class T>
  void attribute(const std::string& group, const std::string& name, T value) {
    put_attribute(group, name, type_of<T>(), &value);
  }
  void attribute(const std::string& group, const std::string& name, const std::string& value);
  template <class T>
  void attributes(const std::string& group, const std::string& name, std::span<const T> values) {
    put_attribute(group, name, type_of<T>(), values.data(), values.size());
  }

  /// The bytes of the whole file; they live as long as the writer, which writes nothing more.
  std::span<const std::byte> finish();

 private:
  template <class Id>
  Handle own(Id id, Handle::Close close, const char* what) const;
  void check(herr_t status, const char* what) const;
  void fill(hid_t set, hid_t type, const void* values, std::size_t count) const;
  void put_dimension(const std::string& group, const std::string& name, hid_t type,
                     const void* values, hsize_t count);
  void put(const std::string& path, hid_t type, const void* values, std::size_t count,
           const std::vector<std::string>& dimensions);
  /// Without a count: a scalar.
  void put_attribute(const std::string& in_group, const std::string& name, hid_t type,
                     const void* values, std::optional<hsize_t> count = {});

  Silence silence_;
  Place place_;
  Handle access_, file_, link_, strings_;
};

/// Today's name of an entry, and the one that a file has: a dataset's path, GROUP/ for all of a
/// group, or GROUP@NAME of an attribute.
struct FormerName {
  std::string_view now, before;
};

/// An existing file, read only. Nothing in it is trusted: what is read is a dataset of the file
/// itself, of the type class, the extents and within the range that are asked for. Every refusal
/// names the file and the dataset.
class Reader {
 public:
  explicit Reader(const std::filesystem::path& file);
  /// As Writer::enter.
  void enter(const std::string& group) { place_.enter(group); }
  /// Entries are asked for by today's names but looked up by their former ones from now on; the
  /// first that fits counts.
  void use_former_names(std::span<const FormerName> names) { former_names_ = names; }

  /// Throws BadInput: the file is not what it should be, and why.
  [[noreturn]] void refuse(const std::string& what) const;

  bool has(const std::string& path) const;
  bool has_attribute(const std::string& group, const std::string& name) const;
  std::vector<std::size_t> shape(const std::string& path) const;
  /// Along dimensions of the dataset's group, which its extents are those of. Without `count`: as
  /// many values as there are.
  template <class T>
  std::vector<T> read(const std::string& path, const std::vector<std::string>& along,
                      std::optional<std::size_t> count = {}) const {
    const Stored stored = dataset(path);
    require_along(path, stored, along);
    auto values = numbers<T>(stored);
    if (count) require_count(path, values.size(), *count);
    return values;
  }
  /// Of numbers that are finite.
  template <class T>
  std::vector<T> read_finite(const std::string& path, const std::vector<std::string>& along,
                             std::optional<std::size_t> count = {}) const {
    auto values = read<T>(path, along, count);
    for (const T value : values)
      if (!std::isfinite(value)) refuse_infinite(path);
    return values;
  }
  /// A dimension itself, or another list.
  template <class T>
  std::vector<T> list(const std::string& path) const {
    const Stored stored = dataset(path);
    require_rank(path, shape_of(stored.id).size(), 1);
    return numbers<T>(stored);
  }
  template <class T>
  T scalar(const std::string& path) const {
    return read<T>(path, {}, 1).front();
  }
  std::vector<std::string> texts(const std::string& path) const { return strings(dataset(path)); }
  std::string text(const std::string& path) const { return string(dataset(path)); }
  template <class T>
  std::vector<T> attributes(const std::string& group, const std::string& name) const {
    return numbers<T>(open_attribute(group, name));
  }
  template <class T>
  T attribute(const std::string& group, const std::string& name) const {
    const auto values = attributes<T>(group, name);
    require_count(group + "@" + name, values.size(), 1);
    return values.front();
  }
  std::string text_attribute(const std::string& group, const std::string& name) const {
    return string(open_attribute(group, name));
  }

 private:
  /// A dataset or an attribute that has been opened.
  struct Stored {
    std::string name;
    Handle id, type, space;
    herr_t (*read)(hid_t id, hid_t type, void* out);
    std::uintmax_t max_values;
  };

  Handle own(hid_t id, Handle::Close close, const std::string& what) const;
  std::string stored_name(const std::string& name) const;
  std::string stored_attribute(const std::string& group, const std::string& name) const;
  bool is_there(const std::string& stored_path) const;
  Handle open(const std::string& path) const;
  Stored dataset(const std::string& path) const;
  Stored open_attribute(const std::string& group, const std::string& name) const;
  void require_count(const std::string& name, std::size_t count, std::size_t wanted) const;
  void require_rank(const std::string& path, std::size_t has, std::size_t wanted) const;
  void require_along(const std::string& path, const Stored& stored,
                     const std::vector<std::string>& along) const;
  const std::vector<std::size_t>* dimension(const std::string& path) const;
  [[noreturn]] void refuse_infinite(const std::string& path) const;
  [[noreturn]] void refuse_out_of_range(const std::string& name) const;
  std::size_t count(const Stored& stored) const;
  void load(const Stored& stored, hid_t type, void* out) const;
  /// Integers or floats, as `kind` says.
  void require_class(const Stored& stored, H5T_class_t kind) const;
  template <class T>
  std::vector<T> loaded(const Stored& stored) const {
    std::vector<T> values(count(stored));
    if (!values.empty()) load(stored, type_of<T>(), values.data());
    return values;
  }
  template <class T>
  std::vector<T> numbers(const Stored& stored) const {
    require_class(stored, std::is_integral_v<T> ? H5T_INTEGER : H5T_FLOAT);
    if constexpr (std::is_integral_v<T>) {
      const bool has_sign = H5Tget_sign(stored.type) == H5T_SGN_2;
      const bool alike = has_sign == std::is_signed_v<T> && H5Tget_size(stored.type) <= sizeof(T);
      // HDF5 would give the nearest number that fits.
      if (!alike)
        return has_sign ? narrowed<T>(stored, loaded<std::int64_t>(stored))
                        : narrowed<T>(stored, loaded<std::uint64_t>(stored));
    }
    return loaded<T>(stored);
  }
  template <class T, class Wide>
  std::vector<T> narrowed(const Stored& stored, const std::vector<Wide>& wide) const {
    for (const Wide value : wide)
      if (!std::in_range<T>(value)) refuse_out_of_range(stored.name);
    return {wide.begin(), wide.end()};
  }
  std::vector<std::string> strings(const Stored& stored) const;
  std::string string(const Stored& stored) const;

  Silence silence_;
  std::filesystem::path name_;
  Place place_;
  Handle file_, strings_;
  /// A damaged header may claim any size: the file cannot hold more values than it has bytes.
  std::uintmax_t max_values_ = 0;
  std::span<const FormerName> former_names_;
  // A run has a hundred entries in a few groups, and to look for one takes HDF5 as long as to read
  // it: groups that were found, and shapes of dimensions, null where there is none.
  mutable std::set<std::string> groups_;
  mutable std::map<std::string, std::optional<std::vector<std::size_t>>> dimensions_;
};

}  // namespace quartic::hdf5
