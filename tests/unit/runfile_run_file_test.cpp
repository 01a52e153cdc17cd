#include "quartic/core/output_file.hpp"
#include "quartic/runfile/run_file.hpp"
#include "unit/run_file_fixtures.hpp"

namespace quartic {
namespace {

std::string refusal(const fs::path& file) {
  try {
    read_learn_run(file);
  } catch (const BadInput& error) {
    return error.what();
  }
  return "accepted";
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
  write_run(file(), learn_sample());
  std::ifstream in(file(), std::ios::binary);
  const std::string whole((std::istreambuf_iterator<char>(in)), {});
  for (std::size_t size = 8; size < whole.size(); size += 1 + whole.size() / 200) {
    std::ofstream(file("cut.h5"), std::ios::binary) << whole.substr(0, size);
    EXPECT_NE(refusal(file("cut.h5")).find("not a whole quartic run file"), std::string::npos)
        << size;
  }
}

TEST_F(RunFile, DamagedBytesAreRefused) {
  write_run(file(), learn_sample());
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

TEST_F(RunFile, RefusesALaterLayoutAndMissingOrWrongEntries) {
  write_run(file(), learn_sample());
  edit(file(), [](hid_t id) { H5Ldelete(id, "history/theta", H5P_DEFAULT); });
  EXPECT_NE(refusal(file()).find("it has no 'history/theta'"), std::string::npos);
  write_run(file(), learn_sample());
  edit(file(), [](hid_t id) { set_layout(id, 99); });
  EXPECT_NE(refusal(file()).find("has layout 99, this quartic reads layouts up to " +
                                 std::to_string(run_file_layout)),
            std::string::npos);
  write_run(file(), learn_sample());
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

/// A dataset in the place of another, made as `make` says.
void replace_dataset(hid_t id, const char* path, const std::function<hid_t(hid_t space)>& make) {
  const hid_t before = H5Dopen2(id, path, H5P_DEFAULT), space = H5Dget_space(before);
  H5Dclose(before);
  H5Ldelete(id, path, H5P_DEFAULT);
  H5Dclose(make(space));
  H5Sclose(space);
}

TEST_F(RunFile, WhatIsNotADatasetOfTheFileItselfIsRefused) {
  constexpr const char* path = "model/w";
  const auto refuses = [&](const std::string& why, const std::function<void(hid_t)>& change) {
    write_run(file(), learn_sample());
    edit(file(), change);
    EXPECT_NE(refusal(file()).find(why), std::string::npos) << refusal(file());
  };
  refuses("'model/w' is a link to another place", [&](hid_t id) {
    H5Ldelete(id, path, H5P_DEFAULT);
    H5Lcreate_soft("/model/w", id, path, H5P_DEFAULT, H5P_DEFAULT);
  });
  write_run(file("other.h5"), learn_sample());
  refuses("'model' is a link to another place", [](hid_t id) {  // nobody goes there
    H5Ldelete(id, "model", H5P_DEFAULT);
    H5Lcreate_external("other.h5", "/model", id, "model", H5P_DEFAULT, H5P_DEFAULT);
  });
  const auto made = [&](hid_t id, hid_t how) {
    replace_dataset(id, path, [&](hid_t space) {
      return H5Dcreate2(id, path, H5T_NATIVE_DOUBLE, space, H5P_DEFAULT, how, H5P_DEFAULT);
    });
    H5Pclose(how);
  };
  refuses("'model/w' has its values in another place", [&](hid_t id) {  // it maps to itself
    const hid_t how = H5Pcreate(H5P_DATASET_CREATE);
    const hid_t set = H5Dopen2(id, path, H5P_DEFAULT), space = H5Dget_space(set);
    H5Pset_virtual(how, space, ".", "/model/w", space);
    H5Sclose(space), H5Dclose(set);
    made(id, how);
  });
  refuses("'model/w' has its values in another place", [&](hid_t id) {
    const hid_t how = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_external(how, "values.raw", 0, H5F_UNLIMITED);
    made(id, how);
  });
}

TEST_F(RunFile, WrongTypesExtentsAndRangesAreRefused) {
  const auto refuses = [&](const std::string& why, const char* path, hid_t type,
                           std::vector<hsize_t> extent, const void* values) {
    write_run(file(), learn_sample());
    edit(file(), [&](hid_t id) {
      H5Ldelete(id, path, H5P_DEFAULT);
      const hid_t space = H5Screate_simple(static_cast<int>(extent.size()), extent.data(), nullptr);
      const hid_t set = H5Dcreate2(id, path, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
      H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
      H5Dclose(set), H5Sclose(space);
    });
    EXPECT_NE(refusal(file()).find(why), std::string::npos) << why << ": " << refusal(file());
  };
  const LearnRun run = learn_sample();
  const hsize_t sites = run.action.graph->sites(), edges = run.action.graph->edge_count();
  std::vector<double> numbers(2 * edges, 0.5);
  std::vector<std::int64_t> integers(2 * edges, std::int64_t{1} << 40);
  refuses("'model/a' does not hold floating-point numbers", "model/a", H5T_NATIVE_INT64, {sites},
          integers.data());
  refuses("'model/edges' does not hold integers", "model/edges", H5T_NATIVE_DOUBLE, {edges, 2},
          numbers.data());
  refuses("'model/edges' has a number out of range", "model/edges", H5T_NATIVE_INT64, {edges, 2},
          integers.data());
  refuses("'model/a' has 2 dimensions, not 1", "model/a", H5T_NATIVE_DOUBLE, {sites, 1},
          numbers.data());
  refuses("'model/edges' is not as long as 'model/edge'", "model/edges", H5T_NATIVE_INT64,
          {2, edges}, integers.data());
  refuses("'model/a' is not as long as 'model/site'", "model/a", H5T_NATIVE_DOUBLE, {sites + 1},
          numbers.data());
  refuses("'checkpoint/theta_error' has 1 values", "checkpoint/theta_error", H5T_NATIVE_DOUBLE, {1},
          numbers.data());
  numbers[1] = std::nan("");
  refuses("'model/a' has a number that is not finite", "model/a", H5T_NATIVE_DOUBLE, {sites},
          numbers.data());
}

TEST_F(RunFile, IntegersOfAnotherWidthAreReadWhereTheyFit) {
  write_run(file(), learn_sample());
  const auto before = read_learn_run(file());
  edit(file(), [&](hid_t id) {
    replace_dataset(id, "model/edges", [&](hid_t space) {
      const hid_t set = H5Dcreate2(id, "model/edges", H5T_STD_I64BE, space, H5P_DEFAULT,
                                   H5P_DEFAULT, H5P_DEFAULT);
      std::vector<std::int64_t> ends;
      for (const auto& [i, j] : before.action.graph->edges()) ends.insert(ends.end(), {i, j});
      H5Dwrite(set, H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, ends.data());
      return set;
    });
  });
  EXPECT_EQ(read_learn_run(file()).action.graph->edge_count(), before.action.graph->edge_count());
}

TEST_F(RunFile, ErrorHandlerOfTheCallerIsKept) {
  H5E_auto2_t before = nullptr, after = nullptr;
  void* data = nullptr;
  H5Eget_auto2(H5E_DEFAULT, &before, &data);
  refusal(file("none.h5"));
  write_run(file(), learn_sample());
  H5Eget_auto2(H5E_DEFAULT, &after, &data);
  EXPECT_EQ(before, after);
}

TEST_F(RunFile, OutputIsCheckedBeforehand) {
  EXPECT_THROW(require_writable(folder / "no" / "run.h5", false), BadInput);
  EXPECT_THROW(require_writable(folder, true), BadInput);
  EXPECT_NO_THROW(require_writable(file(), false));
  write_run(file(), learn_sample());
  EXPECT_THROW(require_writable(file(), false), BadInput);
  EXPECT_NO_THROW(require_writable(file(), true));
}

}  // namespace
}  // namespace quartic
