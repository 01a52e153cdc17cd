// Small files of data in every format that quartic reads.
#pragma once

#include <hdf5.h>
#include <zlib.h>

#include <bit>
#include <cstring>
#include <fstream>
#include <iterator>
#include <numeric>
#include <string>
#include <vector>

#include "quartic/core/data_source.hpp"
#include "run_file_fixtures.hpp"

namespace quartic {

inline void spill(const fs::path& file, const std::string& bytes) {
  fs::remove(file);  // ext4 waits for the disk where a file is truncated and written anew
  std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
}

inline std::string slurp(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The bytes of values, in this machine's order or the other one.
template <class T>
std::string raw(const std::vector<T>& values, bool swapped = false) {
  std::string bytes(values.size() * sizeof(T), '\0');
  std::memcpy(bytes.data(), values.data(), bytes.size());
  for (std::size_t k = 0; swapped && k < values.size(); ++k)
    std::reverse(bytes.begin() + static_cast<std::ptrdiff_t>(k * sizeof(T)),
                 bytes.begin() + static_cast<std::ptrdiff_t>((k + 1) * sizeof(T)));
  return bytes;
}

inline std::string little(std::uint64_t value, int bytes) {
  std::string out;
  for (int k = 0; k < bytes; ++k) out += static_cast<char>(value >> (8 * k) & 255);
  return out;
}

/// `shape` as in Python, "(3, 4)".
inline std::string npy(const std::string& descr, const std::string& shape,
                       const std::string& values, bool fortran = false, int version = 1) {
  std::string header = "{'descr': '" + descr +
                       "', 'fortran_order': " + (fortran ? "True" : "False") +
                       ", 'shape': " + shape + ", }";
  while ((header.size() + 1 + (version == 1 ? 10 : 12)) % 64 != 0) header += ' ';
  header += '\n';
  return "\x93NUMPY" + std::string(1, static_cast<char>(version)) + std::string(1, '\0') +
         little(header.size(), version == 1 ? 2 : 4) + header + values;
}

/// One deflate stream: raw (15 < 0), or with a gzip header.
inline std::string deflated(const std::string& bytes, int window) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, bytes.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}
inline std::string gzipped(const std::string& bytes) {
  return deflated(bytes, 15 + 16);
}

/// A zip archive of named members.
inline std::string zip(const std::vector<std::pair<std::string, std::string>>& members,
                       bool compress) {
  std::string out, directory;
  for (const auto& [name, bytes] : members) {
    const std::string data = compress ? deflated(bytes, -15) : bytes;
    const auto crc =
        crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size()));
    const std::string common = little(20, 2) + little(0, 2) + little(compress ? 8 : 0, 2) +
                               little(0, 4) + little(crc, 4) + little(data.size(), 4) +
                               little(bytes.size(), 4) + little(name.size(), 2) + little(0, 2);
    directory += "PK\x01\x02" + little(20, 2) + common + little(0, 2) + little(0, 2) +
                 little(0, 2) + little(0, 4) + little(out.size(), 4) + name;
    out += "PK\x03\x04" + common + name + data;
  }
  const std::string count = little(members.size(), 2);
  return out + directory + "PK\x05\x06" + little(0, 4) + count + count +
         little(directory.size(), 4) + little(out.size(), 4) + little(0, 2);
}

/// IDX: type 0x08 unsigned bytes, 0x0D float, ...; values big-endian.
inline std::string idx(int type, const std::vector<int>& shape, const std::string& values) {
  std::string out{0, 0, static_cast<char>(type), static_cast<char>(shape.size())};
  for (const int extent : shape)
    for (int k = 24; k >= 0; k -= 8) out += static_cast<char>(extent >> k & 255);
  return out + values;
}

/// Adds a dataset to an HDF5 file, which it makes if need be; `chunk` > 0: so many rows a chunk,
/// compressed.
inline void put_dataset(const fs::path& file, const std::string& path,
                        const std::vector<hsize_t>& shape, hid_t type, const void* values,
                        hsize_t chunk = 0) {
  const hid_t id = fs::exists(file)
                       ? H5Fopen(file.c_str(), H5F_ACC_RDWR, H5P_DEFAULT)
                       : H5Fcreate(file.c_str(), H5F_ACC_EXCL, H5P_DEFAULT, H5P_DEFAULT);
  const hid_t link = H5Pcreate(H5P_LINK_CREATE), made = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_create_intermediate_group(link, 1);
  if (chunk > 0) {
    auto extent = shape;
    extent[0] = chunk;
    H5Pset_chunk(made, static_cast<int>(extent.size()), extent.data());
    H5Pset_deflate(made, 6);
  }
  const hid_t space = H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr);
  const hid_t set = H5Dcreate2(id, path.c_str(), type, space, link, made, H5P_DEFAULT);
  if (values) H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
  H5Dclose(set), H5Sclose(space), H5Pclose(made), H5Pclose(link), H5Fclose(id);
}

inline std::vector<float> rows_of(const DataSource& source, const std::vector<std::size_t>& rows) {
  std::vector<float> out(rows.size() * source.columns());
  source.read(rows, out);
  return out;
}

inline std::vector<float> all_of(const DataSource& source) {
  std::vector<std::size_t> rows(source.rows());
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  return rows_of(source, rows);
}

/// first, first + step, ...
template <class T = float>
std::vector<T> counting(std::size_t size, T first = 0, T step = 1) {
  std::vector<T> values(size);
  for (std::size_t k = 0; k < size; ++k)
    values[k] = static_cast<T>(first + step * static_cast<T>(k));
  return values;
}

}  // namespace quartic
