// Edits of an HDF5 file's structure, taken from a fuzzer's bytes. Damage of its bytes is HDF5's own
// matter, which 1.10 does not stand everywhere (docs/robustness.md).
#pragma once

#include <hdf5.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

namespace quartic::fuzz {

/// Takes numbers off bytes; 0 where they are used up.
class Choices {
 public:
  explicit Choices(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
  bool any() const { return !bytes_.empty(); }
  std::uint8_t byte() {
    if (bytes_.empty()) return 0;
    const auto out = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return out;
  }
  std::size_t below(std::size_t count) {
    const std::size_t number = byte() << 8 | byte();
    return count == 0 ? 0 : number % count;
  }

 private:
  std::span<const std::uint8_t> bytes_;
};

/// Links of all datasets and groups, by their paths.
std::vector<std::string> objects_of(hid_t file);

/// One edit: an object is removed, linked elsewhere, or its place taken by a dataset of another
/// type, rank, extent or values; some bytes of it change; an attribute goes or is another.
void edit(hid_t file, const std::vector<std::string>& objects, Choices& choices);

}  // namespace quartic::fuzz
