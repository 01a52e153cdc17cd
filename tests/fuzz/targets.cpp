#include "fuzz/targets.hpp"

#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "fuzz/hdf5_edits.hpp"
#include "quartic/config/config.hpp"
#include "quartic/core/error.hpp"
#include "quartic/data/data_file.hpp"
#include "quartic/graph/edge_list.hpp"
#include "quartic/run/any_run.hpp"
#include "quartic/run/report.hpp"

namespace quartic::fuzz {
namespace {

void require(bool holds, const char* what) {
  if (!holds) throw std::logic_error(what);
}

/// f(); a sentence is what a reader may end in.
template <class F>
void refused_or(F&& f) {
  try {
    f();
  } catch (const Error& error) {
    require(error.what()[0] != '\0', "refused without a word");
  }
}

/// Bytes as a file, in memory where there is such a place.
class TemporaryFile {
 public:
  explicit TemporaryFile(Bytes bytes) {
    std::error_code error;
    const std::filesystem::path memory = "/dev/shm";
    const auto folder = std::filesystem::is_directory(memory, error)
                            ? memory
                            : std::filesystem::temp_directory_path();
    path_ = (folder / "quartic-fuzz-XXXXXX").string();
    const int descriptor = mkstemp(path_.data());
    const bool whole = descriptor >= 0 && write(descriptor, bytes.data(), bytes.size()) ==
                                              static_cast<ssize_t>(bytes.size());
    close(descriptor);
    require(whole, "no room for a temporary file");
  }
  ~TemporaryFile() { unlink(path_.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

constexpr std::size_t most_columns = 1 << 20;

void read_some(const DataFile& rows) {
  require(rows.rows() > 0 && rows.columns() > 0, "data without a value");
  if (rows.columns() > most_columns) return;
  const std::size_t count = std::min<std::size_t>(rows.rows(), 8);
  const auto narrow = read_rows(rows, rows.rows() - count, count);
  const auto wide = read_wide_rows(rows, rows.rows() - count, count);
  for (std::size_t k = 0; k < narrow.size(); ++k)
    require(narrow[k] == static_cast<float>(wide[k]) || std::isnan(narrow[k]),
            "float32 is not the narrowed float64");
}

void data_of(DataFormat format, Bytes bytes) {
  refused_or([&] {
    const TemporaryFile file(bytes);
    DataPlace place;
    place.path = file.path();
    place.format = format;
    read_some(*open_data_file(place));
  });
}

struct OldRun {
  std::vector<std::uint8_t> bytes;
  std::vector<std::string> objects;
};

const std::vector<OldRun>& old_runs() {
  static const std::vector<OldRun> all = [] {
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    // What it frees it keeps: the sanitizer maps a file's caches anew at each opening, a third of
    // the time.
    H5set_free_list_limits(-1, -1, -1, -1, -1, -1);
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator(QUARTIC_TEST_DATA "/old_runs"))
      if (entry.path().extension() == ".h5") paths.push_back(entry.path());
    std::sort(paths.begin(), paths.end());
    std::vector<OldRun> out;
    for (const auto& path : paths) {
      std::ifstream in(path, std::ios::binary);
      auto& [bytes, objects] = out.emplace_back();
      bytes.assign(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
      const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
      objects = objects_of(file);
      H5Fclose(file);
      constexpr std::size_t seal = 24;  // the mark that it begins with, and checksums
      if (std::string_view(reinterpret_cast<const char*>(&*bytes.end()) - seal, 8) == "quartic\n")
        bytes.resize(bytes.size() - seal);
    }
    return out;
  }();
  return all;
}

}  // namespace

void config(Bytes bytes) {
  refused_or([&] {
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    const std::string written = to_toml(parse_config(text, "fuzz.toml", {}));
    require(to_toml(parse_config(written, "written.toml", {})) == written,
            "a config that is written reads as another");
  });
}

void edges(Bytes bytes) {
  constexpr int most_sites = 1 << 14;  // more take time and show nothing
  const TemporaryFile file(bytes);
  for (const auto duplicates : {Duplicates::merge, Duplicates::add, Duplicates::refuse})
    refused_or([&] {
      const EdgeListed list = read_edges(file.path(), duplicates);
      require(list.weights.empty() || list.weights.size() == list.edges.size(),
              "weights of some edges");
      if (list.sites > most_sites) return;
      const Graph graph(list.sites, list.edges);
      require(static_cast<std::size_t>(graph.edge_count()) == list.edges.size(), "edges got lost");
    });
}

void npy(Bytes bytes) {
  data_of(DataFormat::npy, bytes);
}
void npz(Bytes bytes) {
  data_of(DataFormat::npz, bytes);
}
void idx(Bytes bytes) {
  data_of(DataFormat::idx, bytes);
}
void csv(Bytes bytes) {
  data_of(DataFormat::csv, bytes);
}
void image(Bytes bytes) {
  data_of(DataFormat::image, bytes);
}

void gzip(Bytes bytes) {
  std::vector<std::uint8_t> packed(compressBound(bytes.size()) + 64);
  z_stream stream{};
  deflateInit2(&stream, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  stream.next_in = const_cast<Bytef*>(bytes.data());  // NOLINT: zlib's
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = packed.data();
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  data_of(DataFormat::automatic, packed);
}

void run(Bytes bytes) {
  if (bytes.empty()) return;
  Choices choices(bytes);
  const OldRun& seed = old_runs()[choices.byte() % old_runs().size()];
  const auto& objects = seed.objects;
  const TemporaryFile edited(seed.bytes);
  const hid_t file = H5Fopen(edited.path().c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  require(file >= 0, "an old run cannot be opened");
  constexpr int most_edits = 8;
  for (int edits = 0; choices.any() && edits < most_edits; ++edits) edit(file, objects, choices);
  H5Fclose(file);
  refused_or([&] {
    const AnyRun read = read_run(edited.path());
    require(!report(read).empty() && !report_json(read).empty(), "nothing to say of a run");
  });
  refused_or([&] {
    DataPlace place;
    place.path = edited.path();
    place.format = DataFormat::hdf5;
    place.dataset = objects.empty() ? std::string() : objects[choices.below(objects.size())];
    read_some(*open_data_file(place));
  });
}

}  // namespace quartic::fuzz
