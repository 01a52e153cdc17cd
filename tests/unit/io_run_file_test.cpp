#include <gtest/gtest.h>
#include <hdf5.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "quartic/core/error.hpp"
#include "quartic/graph/lattice.hpp"
#include "quartic/io/problem.hpp"
#include "quartic/io/run_file.hpp"

namespace quartic {
namespace {

namespace fs = std::filesystem;

/// A folder of its own, gone afterwards.
class RunFile : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "quartic-test-XXXXXX").string();
    folder = mkdtemp(pattern.data());
  }
  void TearDown() override { fs::remove_all(folder); }
  fs::path file(const std::string& name = "run.h5") const { return folder / name; }
  std::set<std::string> listing() const {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder)) names.insert(entry.path().filename());
    return names;
  }
  fs::path folder;
};

/// Numbers that are hard to write back: full mantissas, NaN, denormals, signed zero.
Run sample_run(const std::string& extra = {}) {
  const Config config = parse_config(
      "[graph]\nextent = [3, 2]\nboundary = [\"periodic\", \"open\"]\n[sampler]\nchains = 16\n" +
          extra + "[action]\na.freedom = \"tied\"\n[[target]]\nterm = \"nn\"\ncoupling = -1.0\n",
      "run.toml");
  const Problem problem = make_problem(config);
  Run run{.config = config,
          .provenance = make_provenance("quartic learn 'a \"b\" ä.toml'", 7),
          .action = problem.start,
          .freedom = config.action.freedom(),
          .theta_error = {},
          .history = {},
          .reason = StopReason::converged,
          .certificate = {},
          .checkpoint = {}};
  run.provenance.seconds = 1.0 / 3;
  const int size = problem.parameters.size();
  for (int k = 0; k < size; ++k) {
    run.history.parameters.push_back(problem.parameters.label(k));
    run.theta_error.push_back(1e-3 / (k + 3));
  }
  run.history.expected.assign(size, std::nan(""));
  for (int epoch = 0; epoch < 3; ++epoch) {
    EpochRow row;
    row.epoch = epoch, row.gradient_norm = std::sqrt(2.0 + epoch), row.rate = 5e-324;
    run.history.append(row, std::vector<double>(size, 0.1 * epoch), run.theta_error);
  }
  VariationalState& state = run.checkpoint;
  state.epoch = 2, state.quiet_epochs = 1, state.w = run.action.w, state.r = run.action.r;
  state.a = run.action.a, state.b = run.action.b, state.theta_error = run.theta_error;
  state.first_moment = {-0.0, std::numeric_limits<double>::denorm_min()};
  state.sampler.schedule.reflections = 3;
  for (int k = 0; k < 16 * 6; ++k) state.sampler.phi.push_back(static_cast<float>(std::sin(k)));
  for (unsigned k = 0; k < 16 * 4; ++k)
    state.sampler.streams.push_back(0xFFFFFFFFu - k * 2654435761u);
  run.warm = true;
  Certificate c;
  c.free_energy = {-8.1, 0.01}, c.gap = {0.5, 0.1}, c.ok = false, c.reason = "why not",
  c.annealing_steps = 5;
  c.chains = 16, c.draws = 2, c.sites = 6;
  for (int k = 0; k < 32; ++k) c.action.push_back(std::cos(k)), c.target.push_back(std::exp(-k));
  for (int k = 0; k < 32 * 6; ++k) c.phi.push_back(std::sin(static_cast<float>(k)));
  run.certificate = c;
  return run;
}

void expect_equal(const Run& x, const Run& y) {
  EXPECT_EQ(to_toml(x.config), to_toml(y.config));
  EXPECT_EQ(x.provenance.command, y.provenance.command);
  EXPECT_EQ(x.provenance.seed, y.provenance.seed);
  EXPECT_EQ(x.provenance.seconds, y.provenance.seconds);
  EXPECT_EQ(x.provenance.date, y.provenance.date);
  EXPECT_EQ(x.action.graph->description(), y.action.graph->description());
  for (const auto kind : {CouplingKind::w, CouplingKind::r, CouplingKind::a, CouplingKind::b})
    EXPECT_EQ(x.action.couplings(kind), y.action.couplings(kind));
  EXPECT_EQ(x.freedom, y.freedom);
  EXPECT_EQ(x.reason, y.reason);
  EXPECT_EQ(x.history.parameters, y.history.parameters);
  EXPECT_EQ(x.history.theta, y.history.theta);
  EXPECT_EQ(x.history.theta_error, y.history.theta_error);
  ASSERT_EQ(x.history.rows.size(), y.history.rows.size());
  for (std::size_t k = 0; k < x.history.rows.size(); ++k) {
    EXPECT_EQ(x.history.rows[k].epoch, y.history.rows[k].epoch);
    EXPECT_EQ(x.history.rows[k].gradient_norm, y.history.rows[k].gradient_norm);
    EXPECT_EQ(x.history.rows[k].rate, y.history.rows[k].rate);
  }
  EXPECT_EQ(x.checkpoint.sampler.phi, y.checkpoint.sampler.phi);
  EXPECT_EQ(x.checkpoint.sampler.streams, y.checkpoint.sampler.streams);
  EXPECT_EQ(x.checkpoint.sampler.schedule.reflections, y.checkpoint.sampler.schedule.reflections);
  EXPECT_EQ(x.checkpoint.first_moment, y.checkpoint.first_moment);
  EXPECT_EQ(x.checkpoint.second_moment, y.checkpoint.second_moment);
  EXPECT_EQ(x.checkpoint.theta_error, y.checkpoint.theta_error);
  EXPECT_EQ(x.checkpoint.epoch, y.checkpoint.epoch);
  EXPECT_EQ(x.checkpoint.quiet_epochs, y.checkpoint.quiet_epochs);
  EXPECT_EQ(x.warm, y.warm);
  ASSERT_EQ(x.certificate.has_value(), y.certificate.has_value());
  if (!x.certificate) return;
  EXPECT_EQ(x.certificate->phi, y.certificate->phi);
  EXPECT_EQ(x.certificate->action, y.certificate->action);
  EXPECT_EQ(x.certificate->target, y.certificate->target);
  EXPECT_EQ(x.certificate->gap.error, y.certificate->gap.error);
  EXPECT_EQ(x.certificate->reason, y.certificate->reason);
  EXPECT_EQ(x.certificate->ok, y.certificate->ok);
}

std::string refusal(const fs::path& file) {
  try {
    read_run(file);
  } catch (const BadInput& error) {
    return error.what();
  }
  return "accepted";
}

TEST_F(RunFile, ComesBackExactly) {
  auto run = sample_run();
  write_run(file(), run);
  expect_equal(read_run(file()), run);
  EXPECT_EQ(read_run(file()).theta_error, run.theta_error);
  run = sample_run("precision = \"float64\"\n");
  for (double& x : run.checkpoint.sampler.phi) x += 1e-12;
  run.certificate.reset();
  write_run(file(), run);
  expect_equal(read_run(file()), run);
}

TEST_F(RunFile, EdgeListGraphComesBackWithoutItsFile) {
  auto run = sample_run();
  run.action = Action(std::make_shared<Graph>(
      6, std::vector<Edge>(run.action.graph->edges().begin(), run.action.graph->edges().end())));
  write_run(file(), run);
  const auto back = read_run(file());
  EXPECT_EQ(back.action.graph->lattice(), nullptr);
  EXPECT_TRUE(std::equal(back.action.graph->edges().begin(), back.action.graph->edges().end(),
                         run.action.graph->edges().begin()));
}

TEST_F(RunFile, WritingLeavesNothingElseAndReplaces) {
  auto run = sample_run();
  write_run(file(), run);
  EXPECT_EQ(listing(), std::set<std::string>{"run.h5"});
  run.checkpoint.epoch = 9;
  write_run(file(), run);
  EXPECT_EQ(listing(), std::set<std::string>{"run.h5"});
  EXPECT_EQ(read_run(file()).checkpoint.epoch, 9);
}

TEST_F(RunFile, FailedWriteLeavesThePreviousFile) {
  auto run = sample_run();
  write_run(file(), run);
  run.certificate->phi.pop_back();  // cannot be written: found only after the file was begun
  EXPECT_THROW(write_run(file(), run), Error);
  EXPECT_EQ(listing(), std::set<std::string>{"run.h5"});
  run = sample_run();
  expect_equal(read_run(file()), run);
}

TEST_F(RunFile, RefusesWhatIsNoWholeRunFile) {
  EXPECT_NE(refusal(file()).find("there is no run file"), std::string::npos);
  std::ofstream(file("empty.h5")).close();
  EXPECT_NE(refusal(file("empty.h5")).find("it is empty"), std::string::npos);
  std::ofstream(file("text.h5")) << "this is a text, quite a long one for what it says";
  EXPECT_NE(refusal(file("text.h5")).find("not HDF5"), std::string::npos);
  EXPECT_NE(refusal(folder).find("no regular file"), std::string::npos);
}

TEST_F(RunFile, EveryTruncationIsRefusedAndNoneCrashes) {
  write_run(file(), sample_run());
  std::ifstream in(file(), std::ios::binary);
  const std::string whole((std::istreambuf_iterator<char>(in)), {});
  for (std::size_t size = 8; size < whole.size(); size += 1 + whole.size() / 200) {
    std::ofstream(file("cut.h5"), std::ios::binary) << whole.substr(0, size);
    EXPECT_NE(refusal(file("cut.h5")).find("not a whole quartic run file"), std::string::npos)
        << size;
  }
}

TEST_F(RunFile, DamagedBytesAreRefused) {
  write_run(file(), sample_run());
  std::ifstream in(file(), std::ios::binary);
  const std::string whole((std::istreambuf_iterator<char>(in)), {});
  std::uint32_t random = 1;
  for (int trial = 0; trial < 200; ++trial) {
    std::string damaged = whole;
    for (int k = 0; k < 4; ++k) {
      random = random * 1664525u + 1013904223u;
      damaged[random % damaged.size()] = static_cast<char>(random >> 24);
    }
    std::ofstream(file("bad.h5"), std::ios::binary) << damaged;
    EXPECT_NE(refusal(file("bad.h5")).find("its checksum is wrong"), std::string::npos) << trial;
  }
}

/// Changes a finished file through plain HDF5.
void edit(const fs::path& file, const std::function<void(hid_t)>& change) {
  const hid_t id = H5Fopen(file.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  change(id);
  H5Fclose(id);
}

TEST_F(RunFile, RefusesALaterLayoutAndMissingOrWrongEntries) {
  write_run(file(), sample_run());
  edit(file(), [](hid_t id) { H5Ldelete(id, "history/theta", H5P_DEFAULT); });
  EXPECT_NE(refusal(file()).find("it has no 'history/theta'"), std::string::npos);
  write_run(file(), sample_run());
  edit(file(), [](hid_t id) {
    const int later = 99;
    H5Adelete_by_name(id, "provenance", "layout_version", H5P_DEFAULT);
    const hid_t space = H5Screate(H5S_SCALAR);
    const hid_t at = H5Acreate_by_name(id, "provenance", "layout_version", H5T_NATIVE_INT, space,
                                       H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Awrite(at, H5T_NATIVE_INT, &later);
    H5Sclose(space);
    H5Aclose(at);
  });
  EXPECT_NE(refusal(file()).find("has layout 99, this quartic reads layouts up to 1"),
            std::string::npos);
  write_run(file(), sample_run());
  edit(file(), [](hid_t id) {
    H5Ldelete(id, "config", H5P_DEFAULT);
    const hid_t space = H5Screate(H5S_SCALAR);
    H5Dclose(
        H5Dcreate2(id, "config", H5T_NATIVE_INT, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Sclose(space);
  });
  EXPECT_NE(refusal(file()).find("'config' does not hold variable-length strings"),
            std::string::npos);
}

TEST_F(RunFile, ErrorHandlerOfTheCallerIsKept) {
  H5E_auto2_t before = nullptr, after = nullptr;
  void* data = nullptr;
  H5Eget_auto2(H5E_DEFAULT, &before, &data);
  refusal(file("none.h5"));
  write_run(file(), sample_run());
  H5Eget_auto2(H5E_DEFAULT, &after, &data);
  EXPECT_EQ(before, after);
}

std::string describe(hid_t type) {
  const std::size_t bits = 8 * H5Tget_size(type);
  if (H5Tget_class(type) == H5T_STRING) return "string";
  if (H5Tget_class(type) == H5T_FLOAT) return "float" + std::to_string(bits);
  return (H5Tget_sign(type) == H5T_SGN_NONE ? "uint" : "int") + std::to_string(bits);
}

/// Datasets and attributes as "path" or "path@name" with their types, as in
/// docs/run-file-layout.json.
std::map<std::string, std::string> contents(const fs::path& file) {
  std::map<std::string, std::string> found;
  const hid_t id = H5Fopen(file.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  const auto visit = [](hid_t root, const char* path, const H5O_info_t* info,
                        void* data) -> herr_t {
    auto& out = *static_cast<std::map<std::string, std::string>*>(data);
    if (info->type == H5O_TYPE_DATASET) {
      const hid_t set = H5Dopen2(root, path, H5P_DEFAULT), type = H5Dget_type(set);
      out[path] = describe(type);
      H5Tclose(type), H5Dclose(set);
      return 0;
    }
    const hid_t group = H5Oopen(root, path, H5P_DEFAULT);
    for (int k = 0; k < static_cast<int>(info->num_attrs); ++k) {
      const hid_t at =
          H5Aopen_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, k, H5P_DEFAULT, H5P_DEFAULT);
      char text[256];
      H5Aget_name(at, sizeof text, text);
      const hid_t type = H5Aget_type(at);
      out[std::string(path) + "@" + text] = describe(type);
      H5Tclose(type), H5Aclose(at);
    }
    H5Oclose(group);
    return 0;
  };
  H5Ovisit2(id, H5_INDEX_NAME, H5_ITER_NATIVE, visit, &found, H5O_INFO_ALL);
  H5Fclose(id);
  return found;
}

TEST_F(RunFile, HoldsWhatTheLayoutListsAndNothingElse) {
  write_run(file(), sample_run());
  const auto found = contents(file());
  std::ifstream in(QUARTIC_TEST_DATA "/../docs/run-file-layout.json");
  const auto layout = nlohmann::json::parse(in);
  EXPECT_EQ(layout["layout_version"], run_file_layout);
  std::set<std::string> listed;
  for (const auto& entry : layout["entries"]) {
    const std::string path = entry["path"], type = entry["type"];
    listed.insert(path);
    ASSERT_TRUE(found.contains(path)) << path;
    EXPECT_NE(type.find(found.at(path)), std::string::npos) << path << " is " << found.at(path);
  }
  for (const auto& [path, type] : found)
    EXPECT_TRUE(listed.contains(path)) << path << " is not listed";
}

TEST_F(RunFile, OutputIsCheckedBeforehand) {
  EXPECT_THROW(require_writable(folder / "no" / "run.h5", false), BadInput);
  EXPECT_THROW(require_writable(folder, true), BadInput);
  EXPECT_NO_THROW(require_writable(file(), false));
  write_run(file(), sample_run());
  EXPECT_THROW(require_writable(file(), false), BadInput);
  EXPECT_NO_THROW(require_writable(file(), true));
}

TEST(KeepDraws, KeepsTheFirstOfEachChain) {
  Certificate c;
  c.chains = 2, c.draws = 3, c.sites = 2;
  c.action = {0, 1, 2, 10, 11, 12}, c.target = c.action;
  c.phi = {0, 0, 1, 1, 2, 2, 10, 10, 11, 11, 12, 12};
  keep_draws(c, 2);
  EXPECT_EQ(c.action, (std::vector<double>{0, 1, 10, 11}));
  EXPECT_EQ(c.phi, (std::vector<float>{0, 0, 1, 1, 10, 10, 11, 11}));
  EXPECT_EQ(c.draws, 2);
}

}  // namespace
}  // namespace quartic
