// Damaged files of every format, by a fixed seed: cut short, with bytes flipped, with sizes blown
// up, spliced with each other. Each is read, or refused with one sentence; none crashes or takes
// memory that its size does not warrant.
#include <sys/resource.h>

#include <random>

#include "data_fixtures.hpp"
#include "image_fixtures.hpp"
#include "quartic/data/data_set.hpp"

namespace quartic {
namespace {

std::string image(bool png, int channels) {
  std::string out, pixels;
  for (int k = 0; k < 24 * 20 * channels; ++k) pixels += static_cast<char>(k * k / 7);
  const auto write = [](void* to, void* data, int size) {
    static_cast<std::string*>(to)->append(static_cast<char*>(data), static_cast<std::size_t>(size));
  };
  if (png)
    stbi_write_png_to_func(write, &out, 24, 20, channels, pixels.data(), 24 * channels);
  else
    stbi_write_jpg_to_func(write, &out, 24, 20, channels, pixels.data(), 80);
  return out;
}

struct Seed {
  std::string name, bytes;
};

std::vector<Seed> whole_files() {
  const auto x = npy("<f4", "(10, 6)", raw(counting(60)));
  const auto y = npy(">f8", "(5, 2, 3)", raw(counting<double>(30), true), true, 2);
  std::string pixels, text;
  for (int k = 0; k < 120; ++k) pixels += static_cast<char>(k);
  for (int k = 0; k < 40; ++k)
    text += std::to_string(k) + ",-1.5e-3," + std::to_string(k / 7.0) + "\n";
  const auto pictures = idx(0x08, {5, 4, 6}, pixels);
  return {{"a.npy", x},
          {"b.npy", y},
          {"c.npz", zip({{"x.npy", x}, {"y.npy", y}}, false)},
          {"d.npz", zip({{"x.npy", x}}, true)},
          {"e-ubyte", pictures},
          {"f-ubyte.gz", gzipped(pictures)},
          {"g.csv", "x,y,z\n" + text},
          {"h.csv.gz", gzipped(text)},
          {"i.png", image(true, 1)},
          {"j.png", image(true, 4)},
          {"k.jpg", image(false, 3)},
          {"l.pgm", "P5 12 10 255\n" + pixels},
          {"m.pgm", "P2\n# c\n3 2 9\n1 2 3\n4 5 6\n"},
          {"n.ppm", "P6 8 5 255\n" + pixels}};
}

class Damage {
 public:
  explicit Damage(unsigned seed) : random_(seed) {}

  std::string cut(std::string bytes) {
    bytes.resize(below(bytes.size()));
    return bytes;
  }
  std::string flip(std::string bytes) {
    for (std::size_t k = 1 + below(4); k-- > 0;)
      bytes[below(bytes.size())] ^= static_cast<char>(1 << below(8));
    return bytes;
  }
  /// Sizes stand in the first and last bytes: overwrites some there by large numbers.
  std::string inflate(std::string bytes) {
    const std::size_t near = below(std::min<std::size_t>(bytes.size(), 128));
    const std::size_t at = below(2) ? near : bytes.size() - 1 - near;
    const char* const large[] = {"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F",
                                 "\x7F\xFF\xFF\xFF",
                                 "99999999",
                                 "\xFF\xFF\xFF\x7F",
                                 "\xFE\xFF",
                                 "4294967296"};
    const std::string number = large[below(std::size(large))];
    return bytes.replace(at, number.size(), number);
  }
  std::string splice(const std::string& bytes, const std::string& other) {
    return bytes.substr(0, below(bytes.size())) + other.substr(below(other.size()));
  }
  std::size_t below(std::size_t count) { return random_() % count; }

 private:
  std::mt19937 random_;
};

class DataFuzz : public RunFile {
 protected:
  /// Reads it all, as data to learn from; counts whether it could.
  void survive(const std::string& name, const std::string& bytes, const std::string& dataset = {}) {
    spill(file(name), bytes);
    DataOptions options;
    options.path = file(name), options.dataset = dataset;
    options.scaling = ScalingMethod::unit;
    try {
      const DataSet set = open_data_set(options);
      EXPECT_EQ(all_of(*set.train).size(), set.train->rows() * set.train->columns());
      ++read;
    } catch (const BadInput& error) {
      const std::string what = error.what();
      ++refused;
      EXPECT_FALSE(what.empty());
      EXPECT_LT(what.size(), 400u) << what;
      EXPECT_EQ(what.find('\n'), std::string::npos) << what;
      for (const unsigned char c : what) EXPECT_GE(c, ' ') << what;
    }
  }
  int read = 0, refused = 0;
};

#if defined(__has_feature)  // clang's word for what gcc defines
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define QUARTIC_TEST_SANITIZED
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define QUARTIC_TEST_SANITIZED
#endif

/// Anything that takes more than this is a claim believed.
class MemoryBound {
 public:
  explicit MemoryBound(rlim_t bytes) {
#if !defined(QUARTIC_TEST_SANITIZED)  // which reserves terabytes of address space
    getrlimit(RLIMIT_DATA, &before_);
    rlimit now = before_;
    now.rlim_cur = bytes;
    setrlimit(RLIMIT_DATA, &now);
#else
    (void)bytes;
#endif
  }
  ~MemoryBound() {
#if !defined(QUARTIC_TEST_SANITIZED)
    setrlimit(RLIMIT_DATA, &before_);
#endif
  }

 private:
  rlimit before_{};
};

TEST_F(DataFuzz, WholeFilesAreRead) {
  for (const auto& [name, bytes] : whole_files()) {
    survive(name, bytes, name == "c.npz" ? "y" : "");
    EXPECT_EQ(refused, 0) << name;
  }
}

TEST_F(DataFuzz, EveryTruncationIsRefused) {
  for (const auto& [name, bytes] : whole_files()) {
    if (name == "g.csv" || name == "m.pgm") continue;  // text may end anywhere
    for (std::size_t size = 0; size < bytes.size(); size += bytes.size() < 300 ? 1 : 7)
      survive(name, bytes.substr(0, size), name == "c.npz" ? "x" : "");
    EXPECT_EQ(read, 0) << name;
  }
}

TEST_F(DataFuzz, DamagedFilesAreReadOrRefused) {
  const MemoryBound bound(rlim_t{2} << 30);
  const auto seeds = whole_files();
  Damage damage(20240229);
  for (const auto& [name, bytes] : seeds) {
    for (int k = 0; k < 60; ++k) {
      survive(name, damage.cut(bytes));
      survive(name, damage.flip(bytes));
      survive(name, damage.inflate(bytes));
      survive(name, damage.splice(bytes, seeds[damage.below(seeds.size())].bytes));
    }
    survive("x.h5", bytes);
    survive("x.npy", bytes);
    survive("x", bytes);
  }
  EXPECT_GT(read, 100);  // flipped values are values
  EXPECT_GT(refused, 1000);
}

/// HDF5 1.10 itself may crash on flipped bytes of its structure, which only a run file's seal can
/// tell before: so files cut short, and sizes blown up through HDF5's own interface, are what is
/// promised for others.
TEST_F(DataFuzz, Hdf5CutShortIsRefused) {
  const auto values = counting(6000);
  put_dataset(file("a.h5"), "x", {1000, 6}, H5T_NATIVE_FLOAT, values.data(), 100);
  put_dataset(file("a.h5"), "y", {1000, 6}, H5T_NATIVE_FLOAT, values.data());
  const std::string bytes = slurp(file("a.h5"));
  survive("a.h5", bytes, "x");
  EXPECT_EQ(read, 1);
  for (std::size_t size = 0; size < bytes.size(); size += size < 4096 ? 37 : 997)
    survive("a.h5", bytes.substr(0, size), size % 2 ? "x" : "y");
  EXPECT_EQ(read, 1);
}

TEST_F(DataFuzz, RunFilesWithFlippedBytesAreRefused) {
  write_run(file("run.h5"), learn_sample());
  const std::string bytes = slurp(file("run.h5"));
  Damage damage(3);
  for (int k = 0; k < 100; ++k) {
    std::string changed = bytes;
    changed[damage.below(bytes.size() - 24)] ^= static_cast<char>(1 << damage.below(8));
    survive("run.h5", changed);
  }
  EXPECT_EQ(read, 0);
}

}  // namespace
}  // namespace quartic
