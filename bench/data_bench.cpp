// Reading data by batches, one core, the file in the system's cache: 10^6 rows of 64 float32 (256
// MB) as npy, against a plain copy out of memory; neighbouring and random rows; scaled on the way.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <random>

#include "quartic/data/data_set.hpp"

namespace quartic {
namespace {

constexpr std::size_t rows = 1000000, columns = 64, batch_rows = 512;

std::string header() {
  std::string text = "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000, 64), }";
  text.resize(117, ' ');
  return std::string("\x93NUMPY\x01\0\x76\0", 10) + text + "\n";
}

/// The file, made once and gone at the end.
class File {
 public:
  File() : path_(std::filesystem::temp_directory_path() / "quartic-bench.npy") {
    std::vector<float> values(rows * columns);
    for (std::size_t k = 0; k < values.size(); ++k) values[k] = static_cast<float>(k % 1009);
    std::ofstream out(path_, std::ios::binary);
    out << header();
    out.write(reinterpret_cast<const char*>(values.data()),
              static_cast<std::streamsize>(4 * values.size()));
  }
  ~File() { std::filesystem::remove(path_); }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

std::shared_ptr<const DataFile> open_file() {
  static const File file;
  return open_data_file({file.path(), {}, {}, {}});
}

void read_all(benchmark::State& state, const DataSource& source, bool shuffle) {
  std::vector<std::size_t> order(rows);
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (shuffle) std::shuffle(order.begin(), order.end(), std::mt19937(1));
  std::vector<float> out(batch_rows * columns);
  for (auto _ : state) {
    for (std::size_t at = 0; at + batch_rows <= rows; at += batch_rows)
      source.read(std::span(order).subspan(at, batch_rows), out);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(4 * rows * columns));
}

void copy_memory(benchmark::State& state) {
  const std::vector<float> values(rows * columns, 1.0f);
  std::vector<float> out(batch_rows * columns);
  for (auto _ : state) {
    for (std::size_t at = 0; at + batch_rows <= rows; at += batch_rows) {
      std::memcpy(out.data(), &values[at * columns], 4 * out.size());
      benchmark::ClobberMemory();
    }
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(4 * rows * columns));
}

void read_npy(benchmark::State& state) {
  read_all(state, *open_file(), false);
}
void read_npy_random_rows(benchmark::State& state) {
  read_all(state, *open_file(), true);
}
void read_npy_scaled(benchmark::State& state) {
  const DataScaling scaling{ScalingMethod::standardise, std::vector<double>(columns, 500.0),
                            std::vector<double>(columns, 290.0)};
  read_all(state, *scaled(open_file(), scaling), false);
}
void summarise_npy(benchmark::State& state) {
  const auto file = open_file();
  for (auto _ : state) benchmark::DoNotOptimize(summarise(*file).checksum.size());
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(4 * rows * columns));
}

BENCHMARK(copy_memory)->Name("data/memory copy")->Unit(benchmark::kMillisecond);
BENCHMARK(read_npy)->Name("data/npy, neighbouring rows")->Unit(benchmark::kMillisecond);
BENCHMARK(read_npy_random_rows)->Name("data/npy, random rows")->Unit(benchmark::kMillisecond);
BENCHMARK(read_npy_scaled)->Name("data/npy, standardised")->Unit(benchmark::kMillisecond);
BENCHMARK(summarise_npy)->Name("data/summary")->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace quartic
