// What the tests of run files share: a folder of its own, a learn run, the contents of an HDF5
// file.
#pragma once

#include <gtest/gtest.h>
#include <hdf5.h>
#include <unistd.h>

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
#include "quartic/run/problem.hpp"
#include "quartic/runfile/learn_run.hpp"

namespace quartic {

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
inline LearnRun learn_sample(const std::string& extra = {}) {
  const Config config = parse_config(
      "[graph]\nextent = [3, 2]\nboundary = [\"periodic\", \"open\"]\n[sampler]\nchains = 16\n" +
          extra + "[action]\na.freedom = \"tied\"\n[[target]]\nterm = \"nn\"\ncoupling = -1.0\n",
      "run.toml");
  const Problem problem = make_problem(config);
  LearnRun run{.config = config,
               .provenance = make_provenance("quartic learn 'a \"b\" ä.toml'", 7),
               .action = problem.start,
               .freedom = config.action.freedom(),
               .stop_reason = StopReason::converged};
  run.provenance.seconds = 1.0 / 3;
  const int size = problem.parameters.size();
  for (int k = 0; k < size; ++k) {
    run.history.parameters.push_back(problem.parameters.label(k));
    run.theta_error.push_back(1e-3 / (k + 3));
  }
  run.history.expected.assign(size, std::nan(""));
  for (int epoch = 0; epoch < 3; ++epoch) {
    LearnRow row;
    row.epoch = epoch, row.gradient_norm.value = std::sqrt(2.0 + epoch), row.rate = 5e-324;
    run.history.append(row, std::vector<double>(size, 0.1 * epoch), run.theta_error);
  }
  VariationalState& state = run.checkpoint;
  state.epoch = 2, state.quiet_epochs = 1, state.w = run.action.w, state.r = run.action.r;
  state.a = run.action.a, state.b = run.action.b, state.theta_error = run.theta_error;
  state.first_moment.assign(run.theta_error.size(), -0.0);
  state.first_moment[1] = std::numeric_limits<double>::denorm_min();
  state.sampler.schedule = {
      .reflections = 3, .cluster = ClusterMove::fill, .step_size = 0.1, .scales = {1.0}};
  state.sampler.sweeps = 77;
  for (int k = 0; k < 16 * 6; ++k) state.sampler.phi.push_back(static_cast<float>(std::sin(k)));
  for (unsigned k = 0; k < 16 * 4; ++k)
    state.sampler.streams.push_back(0xFFFFFFFFu - k * 2654435761u);
  run.warmed_up = true;
  Certificate c;
  c.free_energy.work.difference = {-8.1, 0.01}, c.free_energy.steps = 5;
  c.gap = {0.5, 0.1}, c.ok = false, c.reason = "why not";
  c.draws.chains = 16, c.draws.draws = 2, c.draws.sites = 6;
  for (int k = 0; k < 32; ++k)
    c.draws.action_value.push_back(std::cos(k)), c.target_value.push_back(std::exp(-k));
  for (int k = 0; k < 32 * 6; ++k) c.draws.phi.push_back(std::sin(static_cast<float>(k)));
  run.certificate = c;
  return run;
}

/// Changes a finished file through plain HDF5.
inline void edit(const fs::path& file, const std::function<void(hid_t)>& change) {
  const hid_t id = H5Fopen(file.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  change(id);
  H5Fclose(id);
}

inline void set_layout(hid_t id, int layout) {
  H5Adelete_by_name(id, "provenance", "layout_version", H5P_DEFAULT);
  const hid_t space = H5Screate(H5S_SCALAR);
  const hid_t at = H5Acreate_by_name(id, "provenance", "layout_version", H5T_NATIVE_INT, space,
                                     H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  H5Awrite(at, H5T_NATIVE_INT, &layout);
  H5Sclose(space);
  H5Aclose(at);
}

inline std::string describe(hid_t type) {
  const std::size_t bits = 8 * H5Tget_size(type);
  if (H5Tget_class(type) == H5T_STRING) return "string";
  if (H5Tget_class(type) == H5T_FLOAT) return "float" + std::to_string(bits);
  return (H5Tget_sign(type) == H5T_SGN_NONE ? "uint" : "int") + std::to_string(bits);
}

/// Datasets and attributes as "path" or "path@name" with their types, as in
/// docs/run-file-layout.json.
inline std::map<std::string, std::string> contents(const fs::path& file) {
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

/// A file of that kind holds what docs/run-file-layout.json lists for it, and nothing else.
inline void expect_layout(const fs::path& file, const std::string& kind) {
  const auto found = contents(file);
  std::ifstream in(QUARTIC_TEST_DATA "/../docs/run-file-layout.json");
  const auto layout = nlohmann::json::parse(in);
  EXPECT_EQ(layout["layout_version"], run_file_layout);
  std::set<std::string> listed, of_layers;
  for (const auto& entry : layout["entries"]) {
    const std::string path = entry["path"], type = entry["type"];
    if (kind == "stack" && entry["kinds"].contains("network"))
      for (const char* layer : {"layer_1/", "layer_2/"}) of_layers.insert(layer + path);
    if (!entry["kinds"].contains(kind)) continue;
    if (entry["kinds"][kind] == "hidden units" && !found.contains("model@hidden_units")) continue;
    listed.insert(path);
    // What these runs have no part of; tests/cli/test_run_file.py has others that do.
    const std::set<std::string> elsewhere = {
        "powers",          "axes",        "powers or axes", "gates",
        "learned exactly", "epochs auto", "scaled",         "held out, scaled",
        "real-valued",     "remarks",     "two-valued"};
    if (!found.contains(path) && elsewhere.contains(entry["kinds"][kind])) continue;
    ASSERT_TRUE(found.contains(path)) << path;
    EXPECT_NE(type.find(found.at(path)), std::string::npos) << path << " is " << found.at(path);
  }
  for (const auto& [path, type] : found)
    EXPECT_TRUE(listed.contains(path) || of_layers.contains(path)) << path << " is not listed";
}

}  // namespace quartic
