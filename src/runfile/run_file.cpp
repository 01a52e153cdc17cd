#include "quartic/runfile/run_file.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <chrono>
#include <fstream>

#include "quartic/core/blas.hpp"
#include "quartic/core/shown.hpp"
#include "quartic/core/simd.hpp"
#include "runfile/run_parts.hpp"

namespace quartic {

Provenance program_provenance() {
  Provenance p;
  p.version = QUARTIC_VERSION;
  p.git_hash = QUARTIC_GIT_HASH;
#if defined(__clang__)
  p.compiler = fmt::format("clang {}", __clang_version__);
#else
  p.compiler = fmt::format("g++ {}", __VERSION__);
#endif
  p.simd_target = simd_target();
  return p;
}

Provenance make_provenance(const std::string& command, std::uint64_t seed) {
  Provenance p = program_provenance();
  p.blas = blas_identity().version;
  p.blas_core = blas_identity().core;
  p.blas_speed = blas_speed();
  p.command = shown(command);
  p.seed = seed;
  utsname machine{};
  if (uname(&machine) == 0) p.host = machine.nodename;
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  p.date = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(now));
  return p;
}

RunKind run_kind(const std::filesystem::path& file) {
  return run_parts::RunReader(file).kind();
}

bool is_run_file(const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error) && std::filesystem::exists(file, error))
    return false;  // a pipe, which gives its text once
  std::ifstream stream(file, std::ios::binary);
  char magic[8] = {};
  stream.read(magic, sizeof magic);
  if (stream && std::equal(magic, magic + 8, "\x89HDF\r\n\x1a\n")) return true;
  return file.extension() == ".h5" || file.extension() == ".hdf5";
}

}  // namespace quartic
