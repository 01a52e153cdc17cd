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
  EXPECT_NE(refusal(file()).find("has layout 99, this quartic reads layouts up to 6"),
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
