// A small RAII wrapper over the HDF5 C API: named datasets with dimension scales, attributes,
// strings. Errors become BadInput with the file's name; HDF5 itself never prints.
#pragma once

#include <hdf5.h>

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quartic::hdf5 {

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
hid_t type_of();

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

/// A new file. Groups appear as paths are written; dimensions are named per group.
class Writer {
 public:
  explicit Writer(const std::filesystem::path& file);
  /// Paths begin at this group from now on; "": at the file.
  void enter(const std::string& group) { place_.enter(group); }

  /// A dimension of `group` as a coordinate variable (an HDF5 dimension scale).
  template <class T>
  void dimension(const std::string& group, const std::string& name, std::span<const T> values);
  void dimension(const std::string& group, const std::string& name,
                 const std::vector<std::string>& values);
  /// The dimension 0, 1, ..., size - 1.
  void count(const std::string& group, const std::string& name, std::size_t size);

  /// A dataset whose dimensions were declared in its group before; none: a scalar.
  template <class T>
  void write(const std::string& path, std::span<const T> values,
             const std::vector<std::string>& dimensions);
  void texts(const std::string& path, const std::vector<std::string>& values,
             const std::vector<std::string>& dimensions);
  template <class T>
  void scalar(const std::string& path, T value) {
    write(path, std::span<const T>(&value, 1), {});
  }
  void text(const std::string& path, const std::string& value) { texts(path, {value}, {}); }

  template <class T>
  void attribute(const std::string& group, const std::string& name, T value) {
    attributes(group, name, std::span<const T>(&value, 1), true);
  }
  void attribute(const std::string& group, const std::string& name, const std::string& value);
  template <class T>
  void attributes(const std::string& group, const std::string& name, std::span<const T> values,
                  bool scalar = false);

  /// Flushes and closes; afterwards the file is whole on the file system (not yet on the disk).
  void close();

 private:
  template <class Id>
  Handle own(Id id, Handle::Close close, const char* what) const;
  void check(herr_t status, const char* what) const;
  Handle create(const std::string& path, hid_t type, const std::vector<std::string>& dimensions);

  Silence silence_;
  std::filesystem::path name_;
  Place place_;
  Handle file_, link_, strings_;
};

/// Today's name of an entry, and the one that a file has: a dataset's path, GROUP/ for all of a
/// group, or GROUP@NAME of an attribute.
struct FormerName {
  std::string_view now, before;
};

/// An existing file, read only. Every reader names the file and the dataset when something is not
/// as it should.
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
  bool is_float32(const std::string& path) const;
  template <class T>
  std::vector<T> read(const std::string& path) const;
  /// The same, refusing a wrong number of values.
  template <class T>
  std::vector<T> read(const std::string& path, std::size_t count) const;
  template <class T>
  T scalar(const std::string& path) const {
    return read<T>(path, 1).front();
  }
  std::vector<std::string> texts(const std::string& path) const;
  std::string text(const std::string& path) const;
  template <class T>
  std::vector<T> attributes(const std::string& group, const std::string& name) const;
  template <class T>
  T attribute(const std::string& group, const std::string& name) const;
  std::string text_attribute(const std::string& group, const std::string& name) const;

 private:
  Handle own(hid_t id, Handle::Close close, const std::string& what) const;
  std::string stored_name(const std::string& name) const;
  std::string stored_attribute(const std::string& group, const std::string& name) const;
  Handle dataset(const std::string& path) const;
  Handle open_attribute(const std::string& group, const std::string& name) const;
  void require_numbers(hid_t type, const std::string& path) const;
  void require_strings(hid_t type, const std::string& path) const;

  Silence silence_;
  std::filesystem::path name_;
  Place place_;
  Handle file_, strings_;
  std::span<const FormerName> former_names_;
};

}  // namespace quartic::hdf5
