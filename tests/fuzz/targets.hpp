// What is fuzzed: each takes any bytes, and either they are refused with a sentence or what was
// read of them holds what it promises. Throws std::logic_error where it does not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace quartic::fuzz {

using Bytes = std::span<const std::uint8_t>;

void config(Bytes bytes);  ///< TOML; what is written of it reads the same
void edges(Bytes bytes);   ///< an edge list
void npy(Bytes bytes);     ///< data, of one format each; float32 is the narrowed float64
void npz(Bytes bytes);
void idx(Bytes bytes);
void csv(Bytes bytes);
void image(Bytes bytes);
void gzip(Bytes bytes);  ///< data of any format, packed
/// Edits of the structure of an HDF5 file, one of those in tests/old_runs: as a run, and as data.
void run(Bytes bytes);

struct Target {
  std::string_view name;
  void (*take)(Bytes);
};
inline constexpr Target targets[] = {{"config", config}, {"edges", edges}, {"npy", npy},
                                     {"npz", npz},       {"idx", idx},     {"csv", csv},
                                     {"image", image},   {"gzip", gzip},   {"run", run}};

}  // namespace quartic::fuzz
