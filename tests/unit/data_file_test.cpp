// Every format gives back the numbers that were written, row by row in any order; what cannot be
// read is refused with one sentence.
#include "quartic/data/data_file.hpp"

#include <sys/stat.h>

#include "data_fixtures.hpp"
#include "image_fixtures.hpp"
#include "quartic/runfile/sample_file.hpp"

namespace quartic {
namespace {

using Rows = std::vector<float>;
using Shape = std::vector<std::size_t>;

class DataFiles : public RunFile {
 protected:
  std::shared_ptr<const DataFile> open(const std::string& name, const std::string& dataset = {}) {
    return open_data_file({.path = file(name), .dataset = dataset, .format = {}, .rows = {}});
  }
  std::shared_ptr<const DataFile> open_bytes_as(const std::string& name, const std::string& bytes) {
    spill(file(name), bytes);
    return open(name);
  }
  std::string refusal(const std::string& name, const std::string& dataset = {}) {
    try {
      all_of(*open(name, dataset));
    } catch (const BadInput& error) {
      EXPECT_FALSE(error.hint().empty()) << error.what();
      return std::string(error.what()) + " | " + error.hint();
    }
    return "accepted";
  }
  std::string refusal_of(const std::string& name, const std::string& bytes) {
    spill(file(name), bytes);
    return refusal(name);
  }
};

#define EXPECT_CONTAINS(text, part) \
  EXPECT_NE((text).find(part), std::string::npos) << (text) << "\n  lacks " << (part)

// ---- npy ----------------------------------------------------------------------------------------

template <class T>
void expect_type(const std::string& name, T low, T high, const fs::path& file) {
  const std::vector<T> values = {low, high, T(0), T(1), T(2), T(3)};
  const Rows expected = {static_cast<float>(low), static_cast<float>(high), 0, 1, 2, 3};
  for (const bool swapped : {false, true}) {
    spill(file, npy((swapped ? ">" : "<") + name, "(3, 2)", raw(values, swapped)));
    const auto data = open_data_file({.path = file, .dataset = {}, .format = {}, .rows = {}});
    EXPECT_EQ(all_of(*data), expected) << name;
    EXPECT_EQ(data->info().type, name);
  }
}

TEST_F(DataFiles, NpyOfEveryTypeAndByteOrder) {
  static_assert(std::endian::native == std::endian::little);
  expect_type<float>("f4", -1.5f, 3e38f, file("a.npy"));
  expect_type<double>("f8", -1e-300, 0.1, file("a.npy"));
  expect_type<std::int8_t>("i1", -128, 127, file("a.npy"));
  expect_type<std::int16_t>("i2", -32768, 32767, file("a.npy"));
  expect_type<std::int32_t>("i4", -2147483647, 2147483647, file("a.npy"));
  expect_type<std::int64_t>("i8", -(1ll << 62), 1ll << 62, file("a.npy"));
  expect_type<std::uint8_t>("u1", 0, 255, file("a.npy"));
  expect_type<std::uint16_t>("u2", 0, 65535, file("a.npy"));
  expect_type<std::uint32_t>("u4", 0, 4294967295u, file("a.npy"));
  expect_type<std::uint64_t>("u8", 0, ~0ull, file("a.npy"));
  EXPECT_EQ(all_of(*open_bytes_as("a.npy", npy("|b1", "(3,)", {0, 1, 1}))), (Rows{0, 1, 1}));
}

TEST_F(DataFiles, NpyHalfPrecision) {
  // 1, -2, 65504 (largest), 2^-14 (smallest normal), 2^-24 (smallest), infinity.
  const std::vector<std::uint16_t> bits = {0x3C00, 0xC000, 0x7BFF, 0x0400, 0x0001, 0x7C00};
  const Rows expected = {1,
                         -2,
                         65504,
                         std::ldexp(1.0f, -14),
                         std::ldexp(1.0f, -24),
                         std::numeric_limits<float>::infinity()};
  for (const bool swapped : {false, true})
    EXPECT_EQ(
        all_of(*open_bytes_as("a.npy", npy(swapped ? ">f2" : "<f2", "(6,)", raw(bits, swapped)))),
        expected);
  EXPECT_TRUE(std::isnan(all_of(*open_bytes_as("a.npy", npy("<f2", "(1,)", "\x01\x7C")))[0]));
}

TEST_F(DataFiles, NpyShapesFlattenToRowsAndRememberTheirShape) {
  const auto values = raw(counting(24));
  for (const auto& [shape, rows, row] : {std::tuple{"(24,)", 24u, Shape{1}},
                                         {"(4, 6)", 4u, Shape{6}},
                                         {"(2, 3, 4)", 2u, Shape{3, 4}},
                                         {"(1, 24)", 1u, Shape{24}},
                                         {"(2, 1, 3, 4)", 2u, Shape{1, 3, 4}}}) {
    for (const int version : {1, 2, 3}) {
      const auto data = open_bytes_as("a.npy", npy("<f4", shape, values, false, version));
      EXPECT_EQ(data->rows(), rows) << shape;
      EXPECT_EQ(data->info().row_shape, row) << shape;
      EXPECT_EQ(all_of(*data), counting(24)) << shape;
    }
  }
}

TEST_F(DataFiles, NpyFortranOrder) {
  // a[i, j, k] = 100 i + 10 j + k, of shape (5, 2, 3), first axis fastest in the file.
  std::vector<std::int16_t> values;
  Rows expected;
  for (int k = 0; k < 3; ++k)
    for (int j = 0; j < 2; ++j)
      for (int i = 0; i < 5; ++i) values.push_back(static_cast<std::int16_t>(100 * i + 10 * j + k));
  for (int i = 0; i < 5; ++i)
    for (int j = 0; j < 2; ++j)
      for (int k = 0; k < 3; ++k) expected.push_back(static_cast<float>(100 * i + 10 * j + k));
  const auto data = open_bytes_as("a.npy", npy(">i2", "(5, 2, 3)", raw(values, true), true));
  EXPECT_EQ(all_of(*data), expected);
  EXPECT_EQ(data->info().row_shape, (Shape{2, 3}));
  EXPECT_EQ(rows_of(*data, {3}), (Rows{300, 301, 302, 310, 311, 312}));
}

TEST_F(DataFiles, RowsInAnyOrderAndRepeated) {
  const auto data = open_bytes_as("a.npy", npy("<f8", "(5, 2)", raw(counting<double>(10))));
  EXPECT_EQ(rows_of(*data, {4, 0, 1, 2, 2, 3, 1}),
            (Rows{8, 9, 0, 1, 2, 3, 4, 5, 4, 5, 6, 7, 2, 3}));
  EXPECT_EQ(rows_of(*data, {}), Rows{});
  EXPECT_THROW(rows_of(*data, {5}), BadInput);
  EXPECT_THROW(rows_of(*data, {3, 4, 5}), BadInput);
  EXPECT_THROW(rows_of(*data, {std::size_t(-1)}), BadInput);
}

TEST_F(DataFiles, LargeRowsPassThroughTheConversionBufferInParts) {
  const auto values = counting<double>(3 * 200000, 0.5);
  const auto data = open_bytes_as("a.npy", npy("<f8", "(3, 200000)", raw(values)));
  EXPECT_EQ(all_of(*data), Rows(values.begin(), values.end()));
}

TEST_F(DataFiles, NpyRefusals) {
  const auto f4 = raw(counting(6));
  EXPECT_CONTAINS(refusal_of("a.npy", npy("<f4", "(3, 3)", f4)), "claims 3 x 3 values, more than");
  EXPECT_CONTAINS(refusal_of("a.npy", npy("<f4", "(99999999999, 99999999999)", f4)), "claims");
  EXPECT_CONTAINS(refusal_of("a.npy", npy("<f4", "(99999999999999999999999,)", f4)), "damaged");
  EXPECT_CONTAINS(refusal_of("a.npy", npy("<f4", "(5,)", f4)), "4 bytes follow its array of 5");
  EXPECT_CONTAINS(refusal_of("a.npy", npy("<f4", "()", "abcd")), "single number");
  EXPECT_CONTAINS(refusal_of("a.npy", npy("<f4", "(0, 5)", "")), "empty, of shape 0 x 5");
  EXPECT_CONTAINS(refusal_of("a.npy", npy("<f4", "(3, -2)", f4)), "damaged");
  EXPECT_CONTAINS(refusal_of("a.npy", npy("<c8", "(3,)", f4)), "type '<c8', no real numbers");
  EXPECT_CONTAINS(refusal_of("a.npy", npy("<U2", "(3,)", f4)), "astype(\"f4\")");
  EXPECT_CONTAINS(refusal_of("a.npy", npy("|O", "(3,)", f4)), "type '|O'");
  EXPECT_CONTAINS(refusal_of("a.npy", "\x93NUMPY\x01"), "ends within its npy header");
  EXPECT_CONTAINS(refusal_of("a.npy", "1 2 3\n"), "does not begin as an npy file does");
  EXPECT_CONTAINS(refusal_of("a.npy", ""), "is empty");
  EXPECT_CONTAINS(refusal("none.npy"), "no such file");
  std::string structured = npy("X", "(3,)", f4);
  structured.replace(structured.find("'X'"), 3, "[1]");
  EXPECT_CONTAINS(refusal_of("a.npy", structured), "structured");
}

// ---- npz ----------------------------------------------------------------------------------------

TEST_F(DataFiles, NpzStoredAndDeflated) {
  const auto x = npy("<f4", "(4, 3)", raw(counting(12)));
  const auto y = npy("<i8", "(4,)", raw(counting<std::int64_t>(4)));
  for (const bool compress : {false, true}) {
    spill(file("a.npz"), zip({{"x.npy", x}, {"y.npy", y}}, compress));
    EXPECT_EQ(all_of(*open("a.npz", "x")), counting(12));
    EXPECT_EQ(all_of(*open("a.npz", "y.npy")), counting(4));
    EXPECT_EQ(open("a.npz", "x")->info().name, "a.npz:x");
    EXPECT_CONTAINS(refusal("a.npz"), "holds 2 arrays, and none is named | dataset = one of: x, y");
    EXPECT_CONTAINS(refusal("a.npz", "z"), "no array 'z' | dataset = one of: x, y");
    EXPECT_EQ(all_of(*open_bytes_as("b.npz", zip({{"x.npy", x}}, compress))), counting(12));
  }
  EXPECT_CONTAINS(refusal_of("c.npz", zip({{"readme.txt", "hello"}}, false)), "no npy array");
}

TEST_F(DataFiles, NpzWith64BitSizes) {
  // All of size, packed size, position and the directory's place only in their 64-bit fields.
  const auto x = npy("<f4", "(4, 3)", raw(counting(12)));
  const std::string ones = little(0xFFFFFFFFu, 4);
  const std::string wide = little(x.size(), 8) + little(x.size(), 8) + little(0, 8);
  const std::string common = little(45, 2) + little(0, 2) + little(0, 2) + little(0, 4) +
                             little(0, 4) + ones + ones + little(5, 2);
  const std::string other = little(0x5455, 2) + little(3, 2) + "abc";
  std::string out = "PK\x03\x04" + common + little(20, 2) + "x.npy" + little(1, 2) + little(16, 2) +
                    wide.substr(0, 16) + x;
  const std::size_t directory = out.size();
  out += "PK\x01\x02" + little(45, 2) + common + little(35, 2) + little(0, 6) + little(0, 4) +
         ones + "x.npy" + other + little(1, 2) + little(24, 2) + wide;
  const std::size_t end = out.size();
  out += "PK\x06\x06" + little(44, 8) + little(45, 2) + little(45, 2) + little(0, 8) +
         little(1, 8) + little(1, 8) + little(end - directory, 8) + little(directory, 8);
  out += "PK\x06\x07" + little(0, 4) + little(end, 8) + little(1, 4);
  out += "PK\x05\x06" + little(0, 4) + little(0xFFFFFFFFu, 4) + ones + ones + little(0, 2);
  EXPECT_EQ(all_of(*open_bytes_as("a.npz", out)), counting(12));
}

TEST_F(DataFiles, NpzDamage) {
  const auto x = npy("<f4", "(40, 3)", raw(counting(120)));
  const std::string whole = zip({{"x.npy", x}}, true);
  std::string flipped = whole;
  flipped[100] = static_cast<char>(flipped[100] ^ 4);
  EXPECT_CONTAINS(refusal_of("a.npz", flipped), "truncated or damaged");
  EXPECT_CONTAINS(refusal_of("a.npz", whole.substr(0, whole.size() - 30)), "no whole npz archive");
  std::string other = whole;  // another checksum in the directory
  other[other.find("PK\x01\x02") + 16] ^= 1;
  EXPECT_CONTAINS(refusal_of("a.npz", other), "compressed data are truncated or damaged");
  std::string bomb = whole;  // the directory's claim of the unpacked size
  const auto entry = bomb.find("PK\x01\x02");
  bomb.replace(entry + 24, 4, "\xFE\xFF\xFF\xFF");
  EXPECT_CONTAINS(refusal_of("a.npz", bomb), "no whole npz archive");
}

// ---- IDX, gzip ----------------------------------------------------------------------------------

TEST_F(DataFiles, IdxOfEveryTypePlainAndPacked) {
  std::string pixels;
  Rows expected;
  for (int k = 0; k < 24; ++k)
    pixels += static_cast<char>(10 * k), expected.push_back(10.f * static_cast<float>(k));
  const std::string images = idx(0x08, {4, 2, 3}, pixels);
  for (const auto& [name, bytes] :
       {std::pair<std::string, std::string>{"t10k-images-idx3-ubyte", images},
        {"t10k-images-idx3-ubyte.gz", gzipped(images)}}) {
    const auto data = open_bytes_as(name, bytes);
    EXPECT_EQ(all_of(*data), expected);
    EXPECT_EQ(data->info().row_shape, (Shape{2, 3}));
    EXPECT_EQ(data->info().format, DataFormat::idx);
  }
  EXPECT_EQ(all_of(*open_bytes_as("a", idx(0x09, {2}, "\xFF\x01"))), (Rows{-1, 1}));
  EXPECT_EQ(all_of(*open_bytes_as("a", idx(0x0B, {2}, raw<std::int16_t>({-300, 7}, true)))),
            (Rows{-300, 7}));
  EXPECT_EQ(all_of(*open_bytes_as("a", idx(0x0C, {2}, raw<std::int32_t>({-70000, 7}, true)))),
            (Rows{-70000, 7}));
  EXPECT_EQ(all_of(*open_bytes_as("a", idx(0x0D, {2}, raw<float>({-.5f, 7}, true)))),
            (Rows{-.5f, 7}));
  EXPECT_EQ(all_of(*open_bytes_as("a", idx(0x0E, {2}, raw<double>({-.5, 7}, true)))),
            (Rows{-.5f, 7}));
}

TEST_F(DataFiles, IdxAndGzipRefusals) {
  EXPECT_CONTAINS(refusal_of("a", idx(0x08, {5, 2}, "123456789")), "claims 5 x 2 values");
  EXPECT_CONTAINS(refusal_of("a", idx(0x08, {2147483647, 2147483647, 2147483647}, "1")), "claims");
  EXPECT_CONTAINS(refusal_of("a", idx(0x08, {4, 2}, "123456789")), "1 bytes follow");
  EXPECT_CONTAINS(refusal_of("a", idx(0x08, {0, 2}, "")), "empty");
  EXPECT_CONTAINS(refusal_of("a-ubyte", idx(0x0A, {1}, "1")), "IDX type 0x0a is unknown");
  EXPECT_CONTAINS(refusal_of("a", std::string("\0\0\x08\x03\0\0", 6)),
                  "ends within its IDX header");
  const std::string packed = gzipped(idx(0x08, {10, 10}, std::string(100, 'x')));
  EXPECT_CONTAINS(refusal_of("a.gz", packed.substr(0, packed.size() - 4)),
                  "gzip data are truncated");
  EXPECT_CONTAINS(refusal_of("a.gz", packed.substr(0, 20)), "gzip data are truncated");
  std::string flipped = packed;
  flipped[packed.size() - 6] = static_cast<char>(flipped[packed.size() - 6] ^ 1);  // its checksum
  EXPECT_CONTAINS(refusal_of("a.gz", flipped), "gzip data are truncated or damaged");
}

// What unpacks to far more than its header declares is refused as soon as that is seen.
TEST_F(DataFiles, PackedDataStopAtTheirDeclaredSize) {
  const std::string zeros(std::size_t{64} << 20, '\0');
  EXPECT_CONTAINS(refusal_of("a.gz", gzipped(idx(0x08, {10, 10}, zeros))),
                  "beyond the 112 bytes that its header declares");
  EXPECT_CONTAINS(refusal_of("a.npy.gz", gzipped(npy("<f4", "(2, 3)", zeros))),
                  "bytes that its header declares");
  EXPECT_CONTAINS(refusal_of("a.npz", zip({{"x.npy", npy("<f4", "(2, 3)", zeros)}}, true)),
                  "compressed data are truncated or damaged");
  EXPECT_EQ(
      open_bytes_as("a.npz", zip({{"x.npy", npy("<f4", "(2, 3)", zeros.substr(0, 24))}}, true))
          ->rows(),
      2U);
}

// ---- CSV ----------------------------------------------------------------------------------------

TEST_F(DataFiles, CsvDelimitersHeadersCommentsAndLineEnds) {
  const Rows expected = {1, -2.5f, 3e-2f, 4, 5, 6};
  for (const std::string text :
       {"1,-2.5,3e-2\n4,5,6\n", "1;-2.5;.03\n4;5;6", "1\t-2.5\t0.03\n4\t5\t6\n",
        "  1 -2.5   3e-2 \n4 5 6\n", "1 \t -2.5\t3e-2\n4\t5\t6\n", "x,y,z\n1,-2.5,3e-2\n4,5,6\n",
        "# made by hand\n\n1, -2.5, +3E-2\r\n\r\n4, 5, 6\r\n# end\n",
        "\xEF\xBB\xBF\"x\";\"y\";\"z\"\n\"1\";-2.5;3e-2\n4;5;6\n"}) {
    const auto data = open_bytes_as("a.csv", text);
    EXPECT_EQ(all_of(*data), expected) << text;
    EXPECT_EQ(data->columns(), 3u);
  }
  EXPECT_EQ(all_of(*open_bytes_as("a.txt", "1\n2\n3")), (Rows{1, 2, 3}));
  EXPECT_EQ(all_of(*open_bytes_as("a.csv.gz", gzipped("1,2\n3,4\n"))), (Rows{1, 2, 3, 4}));
  EXPECT_EQ(all_of(*open_bytes_as("a.csv", "1e-400,1e-60\n-0,1e30\n")), (Rows{0, 0, -0.0f, 1e30f}));
}

TEST_F(DataFiles, CsvRefusalsNameLineAndColumn) {
  EXPECT_CONTAINS(refusal_of("a.csv", "1,2\n3,4\n5,x\n"), "line 3, column 2: 'x' is no number");
  EXPECT_CONTAINS(refusal_of("a.csv", "# c\n\nx,y\n1,2\n3,4,5\n"),
                  "line 5 has 3 values, line 3 has 2");
  EXPECT_CONTAINS(refusal_of("a.csv", "1,2\n3\n"), "line 2 has 1 value, line 1 has 2");
  EXPECT_CONTAINS(refusal_of("a.csv", "1,2,c\n3,4,5\n"),
                  "line 1, column 3: 'c' is no number | a header");
  EXPECT_CONTAINS(refusal_of("a.csv", "1;2\n3;4,5\n"), "line 2, column 2: '4,5' is no number");
  EXPECT_CONTAINS(refusal_of("a.csv", "a,b\n"), "no row of numbers");
  EXPECT_CONTAINS(refusal_of("a.csv", "\n\n"), "no row of numbers");
  EXPECT_CONTAINS(refusal_of("a.csv", "1,0x10\n"), "'0x10' is no number");
  EXPECT_CONTAINS(refusal_of("a.bin", std::string("\x7F"
                                                  "ELF\2\0\0",
                                                  7)),
                  "no format that quartic knows");
}

TEST_F(DataFiles, CsvLinesCrossTheReadersChunks) {
  std::string text;
  Rows expected;
  for (int n = 0; n < 30000; ++n) {
    text += std::to_string(n) + "," + std::to_string(-n) + "\n";
    expected.push_back(static_cast<float>(n)), expected.push_back(static_cast<float>(-n));
  }
  EXPECT_EQ(all_of(*open_bytes_as("a.csv", text)), expected);
}

// ---- HDF5 ---------------------------------------------------------------------------------------

TEST_F(DataFiles, Hdf5ByName) {
  const auto doubles = counting<double>(24);
  const auto bytes = counting<std::uint8_t>(6);
  put_dataset(file("a.h5"), "group/x", {4, 2, 3}, H5T_NATIVE_DOUBLE, doubles.data());
  EXPECT_EQ(all_of(*open("a.h5")), counting(24));  // the only one
  put_dataset(file("a.h5"), "y", {6}, H5T_STD_U8BE, bytes.data());
  const auto data = open("a.h5", "/group/x");
  EXPECT_EQ(all_of(*data), counting(24));
  EXPECT_EQ(data->info().row_shape, (Shape{2, 3}));
  EXPECT_EQ(data->info().type, "f8");
  EXPECT_EQ(rows_of(*data, {3, 0, 1}),
            (Rows{18, 19, 20, 21, 22, 23, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}));
  EXPECT_EQ(all_of(*open("a.h5", "y")), counting(6));
  EXPECT_EQ(open("a.h5", "y")->info().type, "u1");
  EXPECT_THROW(rows_of(*data, {4}), BadInput);
  EXPECT_CONTAINS(refusal("a.h5"), "2 datasets, and none is named | dataset = one of: group/x, y");
  EXPECT_CONTAINS(refusal("a.h5", "z"), "no dataset 'z' | dataset = one of: group/x, y");
  EXPECT_CONTAINS(refusal("a.h5", "group"), "'group' is no dataset");
  EXPECT_CONTAINS(refusal("a.h5", "y/deeper"), "no dataset 'y/deeper'");
}

TEST_F(DataFiles, Hdf5Compressed) {
  const auto values = counting(1000 * 7);
  put_dataset(file("a.h5"), "x", {1000, 7}, H5T_IEEE_F32BE, nullptr, 64);
  fs::remove(file("a.h5"));
  put_dataset(file("a.h5"), "x", {1000, 7}, H5T_NATIVE_FLOAT, values.data(), 64);
  const auto data = open("a.h5");
  EXPECT_EQ(all_of(*data), values);
  EXPECT_EQ(rows_of(*data, {999}), counting<float>(7, 999 * 7));
}

TEST_F(DataFiles, Hdf5Refusals) {
  put_dataset(file("huge.h5"), "x", {1u << 30, 1u << 10}, H5T_NATIVE_FLOAT, nullptr, 64);
  EXPECT_CONTAINS(refusal("huge.h5"), "claims 1073741824 x 1024 values");
  put_dataset(file("empty.h5"), "x", {0, 3}, H5T_NATIVE_FLOAT, nullptr);
  EXPECT_CONTAINS(refusal("empty.h5"), "empty, of shape 0 x 3");
  put_dataset(file("text.h5"), "x", {3}, H5T_C_S1, nullptr);
  EXPECT_CONTAINS(refusal("text.h5"), "no dataset of numbers");
  EXPECT_CONTAINS(refusal("text.h5", "x"), "no real numbers");
  EXPECT_CONTAINS(refusal_of("a.h5", "not HDF5"), "does not begin as an HDF5 file does");
  EXPECT_CONTAINS(refusal_of("a.h5", slurp(file("text.h5")).substr(0, 700)),
                  "truncated or damaged");
}

TEST_F(DataFiles, RunFilesAreDataChainAfterChain) {
  const LearnRun run = learn_sample();
  write_run(file("run.h5"), run);
  const auto data = open("run.h5");
  EXPECT_EQ(data->info().row_shape, (Shape{3, 2}));
  EXPECT_EQ(data->rows(), 32u);
  EXPECT_EQ(data->columns(), 6u);
  EXPECT_EQ(all_of(*data),
            Rows(run.certificate->draws.phi.begin(), run.certificate->draws.phi.end()));
  // Rows 1 and 2 belong to different chains.
  EXPECT_EQ(rows_of(*data, {1, 2}),
            Rows(run.certificate->draws.phi.begin() + 6, run.certificate->draws.phi.begin() + 18));
  std::string damaged = slurp(file("run.h5"));
  damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 1);
  EXPECT_CONTAINS(refusal_of("run.h5", damaged), "damaged since it was written");
}

// ---- images -------------------------------------------------------------------------------------

std::string encoded(bool png, int width, int height, int channels, const std::string& pixels) {
  std::string out;
  const auto write = [](void* to, void* data, int size) {
    static_cast<std::string*>(to)->append(static_cast<char*>(data), static_cast<std::size_t>(size));
  };
  if (png)
    stbi_write_png_to_func(write, &out, width, height, channels, pixels.data(), width * channels);
  else
    stbi_write_jpg_to_func(write, &out, width, height, channels, pixels.data(), 100);
  return out;
}

TEST_F(DataFiles, PngGreyAndColour) {
  const auto grey =
      open_bytes_as("a.png", encoded(true, 3, 2, 1, {0, 51, 102, char(153), char(204), char(255)}));
  EXPECT_EQ(grey->info().row_shape, (Shape{2, 3}));
  EXPECT_EQ(grey->rows(), 1u);
  const auto levels = all_of(*grey);
  for (int k = 0; k < 6; ++k) EXPECT_FLOAT_EQ(levels[k], 0.2f * static_cast<float>(k));
  const auto colour = all_of(*open_bytes_as(
      "a.png", encoded(true, 3, 1, 3, {char(255), 0, 0, 0, char(255), 0, 0, 0, char(255)})));
  EXPECT_FLOAT_EQ(colour[0], 0.299f);
  EXPECT_FLOAT_EQ(colour[1], 0.587f);
  EXPECT_FLOAT_EQ(colour[2], 0.114f);
}

TEST_F(DataFiles, Jpeg) {
  const auto data = open_bytes_as("a.jpg", encoded(false, 16, 8, 1, std::string(128, char(102))));
  EXPECT_EQ(data->info().row_shape, (Shape{8, 16}));
  for (const float level : all_of(*data)) EXPECT_NEAR(level, 0.4f, 0.01f);
}

TEST_F(DataFiles, JpegTablesOfTooManyCodesAreRefused) {
  std::string jpg = encoded(false, 16, 8, 1, std::string(128, 'x'));
  const auto table = jpg.find("\xFF\xC4");
  jpg[table + 5] = '\xFF', jpg[table + 6] = '\xFF';
  EXPECT_CONTAINS(refusal_of("a.jpg", jpg), "truncated or damaged");
  // The same bytes in a comment are no table.
  const std::string comment =
      "\xFF\xFE" + std::string(1, '\0') + "\x20\xFF\xC4" + std::string(28, '\xFF');
  jpg = encoded(false, 16, 8, 1, std::string(128, 'x'));
  EXPECT_EQ(open_bytes_as("a.jpg", jpg.substr(0, 2) + comment + jpg.substr(2))->rows(), 1u);
}

TEST_F(DataFiles, PnmOfEveryKind) {
  const Rows grey = {0, 0.2f, 1, 0.6f};
  for (const std::string& bytes :
       {std::string("P2\n# by hand\n2 2 5\n0 1\n5 3\n"), std::string("P5 2 2 5\n\0\1\5\3", 13),
        std::string("P5\n2 2\n1000\n\0\0\0\xC8\x03\xE8\x02\x58", 20)}) {
    const auto levels = all_of(*open_bytes_as("a.pgm", bytes));
    for (int k = 0; k < 4; ++k) EXPECT_FLOAT_EQ(levels[k], grey[k]) << bytes;
  }
  EXPECT_EQ(all_of(*open_bytes_as("a.pbm", "P1 3 1\n1 01")), (Rows{0, 1, 0}));
  EXPECT_EQ(all_of(*open_bytes_as("a.pbm", "P4 9 2\n\x80\x80\x7F\xFF")),
            (Rows{0, 1, 1, 1, 1, 1, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_FLOAT_EQ(all_of(*open_bytes_as("a.ppm", "P3 1 1 10\n10 0 10\n"))[0], 0.413f);
  EXPECT_FLOAT_EQ(all_of(*open_bytes_as("a.ppm", std::string("P6 1 1 255\n\0\xFF\0", 14)))[0],
                  0.587f);
}

TEST_F(DataFiles, ImageRefusals) {
  const std::string png = encoded(true, 30, 20, 1, std::string(600, 'x'));
  // A tiny image whose IDAT unpacks to 4 MiB.
  const std::string large = encoded(true, 1024, 1024, 4, std::string(std::size_t{4} << 20, '\0'));
  std::string bomb = large;
  bomb.replace(16, 8, std::string("\0\0\0\1\0\0\0\1", 8));  // width and height
  const auto sum = crc32(0, reinterpret_cast<const Bytef*>(bomb.data() + 12), 17);
  for (int k = 0; k < 4; ++k) bomb[29 + k] = static_cast<char>(sum >> (24 - 8 * k));
  EXPECT_CONTAINS(refusal_of("a.png", bomb), "goes on beyond its 1 x 1 pixels");
  EXPECT_CONTAINS(refusal_of("a.png", png.substr(0, png.size() / 2)), "truncated or damaged");
  std::string flipped = png;
  flipped[50] = static_cast<char>(flipped[50] ^ 1);
  EXPECT_CONTAINS(refusal_of("a.png", flipped), "truncated or damaged");
  std::string jpg = encoded(false, 30, 20, 1, std::string(600, 'x'));
  EXPECT_CONTAINS(refusal_of("a.jpg", jpg.substr(0, jpg.size() / 2)), "truncated or damaged");
  EXPECT_CONTAINS(refusal_of("a.jpg", jpg.substr(0, jpg.size() - 4)), "truncated or damaged");
  const std::pair<const char*, const char*> damaged[] = {
      {"P5 3 3 255\n12345678", "truncated or damaged"},
      {"P5 100000 100000 255\n12345678", "larger than 2^24"},
      {"P5 1000 1000 255\n12345678", "claims 1000 x 1000 pixels"},
      {"P5 18446744073709551615 2 255\n12345678", "larger than 2^24"},
      {"P2 0 3 255\n", "no pixels"},
      {"P2 2 1 9\n3 10\n", "value 10 exceeds its largest value 9"}};
  for (const auto& [text, why] : damaged) EXPECT_CONTAINS(refusal_of("a.pgm", text), why);
}

TEST_F(DataFiles, FoldersOfImagesAreRowsSortedByName) {
  fs::create_directory(file("images"));
  spill(file("images/b.pgm"), "P2 2 1 4\n3 4\n");
  spill(file("images/a.PGM"), "P2 2 1 4\n1 2\n");
  spill(file("images/notes.txt"), "not an image");
  const auto data = open("images");
  EXPECT_EQ(all_of(*data), (Rows{0.25f, 0.5f, 0.75f, 1}));
  EXPECT_EQ(data->info().row_shape, (Shape{1, 2}));
  EXPECT_EQ(open("images/")->info().name, "images");
  spill(file("images/c.pgm"), "P2 1 2 4\n1 2\n");
  EXPECT_CONTAINS(refusal("images"), "c.pgm': its image has 2 x 1 pixels, that of 'a.PGM' 1 x 2");
  fs::create_directory(file("none"));
  EXPECT_CONTAINS(refusal("none"), "no image in this folder");
}

TEST_F(DataFiles, WrongFormatsAndNames) {
  ASSERT_EQ(mkfifo(file("pipe").c_str(), 0600), 0);
  EXPECT_CONTAINS(refusal("pipe"), "no regular file");
  spill(file("a.npy"), npy("<f4", "(2,)", raw(counting(2))));
  EXPECT_THROW(open_data_file({file("a.npy"), {}, DataFormat::idx, {}}), BadInput);
  EXPECT_THROW(open_data_file({file("a.npy"), {}, DataFormat::hdf5, {}}), BadInput);
  EXPECT_THROW(open_data_file({file("a.npy"), {}, DataFormat::image, {}}), BadInput);
  EXPECT_THROW(open_data_file({file("a.npy"), {}, DataFormat::npz, {}}), BadInput);
  EXPECT_THROW(open_data_file({file("a.npy"), {}, DataFormat::csv, {}}), BadInput);
  EXPECT_CONTAINS(refusal("a.npy", "x"), "format npy has no dataset 'x'");
  EXPECT_EQ(all_of(*open_data_file({file("a.npy"), {}, DataFormat::npy, {}})), (Rows{0, 1}));
  // The content counts, not the name.
  EXPECT_EQ(all_of(*open_bytes_as("a.csv", npy("<f4", "(2,)", raw(counting(2))))), (Rows{0, 1}));
  EXPECT_CONTAINS(refusal_of("a.h5.gz", gzipped("\x89HDF\r\n\x1a\n")), "not read from a .gz file");
}

}  // namespace
}  // namespace quartic
