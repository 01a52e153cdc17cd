#include "core/blas.hpp"

#include <dlfcn.h>
#include <sched.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <initializer_list>
#include <limits>
#include <new>
#include <string_view>
#include <vector>

#include "quartic/core/error.hpp"
#include "quartic/core/linear_algebra.hpp"

#ifndef QUARTIC_BLAS_LIBRARY
#define QUARTIC_BLAS_LIBRARY ""
#endif

namespace quartic {
namespace {

namespace fs = std::filesystem;

/// While it lives, this thread may run on one CPU alone. OpenBLAS starts a thread for each that it
/// sees as it is loaded; nothing else tells it not to but the environment, which is not ours.
class OneCpu {
 public:
  OneCpu() {
    CPU_ZERO(&before_);
    if (sched_getaffinity(0, sizeof before_, &before_) != 0) return;
    cpu_set_t one;
    CPU_ZERO(&one);
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (!CPU_ISSET(cpu, &before_)) continue;
      CPU_SET(cpu, &one);
      break;
    }
    limited_ = sched_setaffinity(0, sizeof one, &one) == 0;
  }
  ~OneCpu() {
    if (limited_) sched_setaffinity(0, sizeof before_, &before_);
  }
  OneCpu(const OneCpu&) = delete;
  OneCpu& operator=(const OneCpu&) = delete;

 private:
  cpu_set_t before_;
  bool limited_ = false;
};

/// The file that holds this code: the extension module or the program.
fs::path own_file() {
  Dl_info info{};
  std::error_code error;
  if (dladdr(reinterpret_cast<const void*>(&own_file), &info) == 0 || !info.dli_fname) return {};
  const fs::path file = info.dli_fname;
  // A program is named as it was called.
  return file.is_absolute() ? file : fs::read_symlink("/proc/self/exe", error);
}

/// The library that came with quartic: beside the extension module or a program's folder, or in the
/// package of the Python that a program was installed with (PREFIX/bin/quartic, --target FOLDER).
void add_own(std::vector<std::string>& files) {
  constexpr std::string_view name = "lib/libscipy_openblas.so";
  const fs::path folder = own_file().parent_path();
  if (folder.empty()) return;
  const fs::path prefix = folder.parent_path();
  std::vector<fs::path> packages{folder, prefix, prefix / "quartic"};
  std::error_code error;
  for (const auto& python : fs::directory_iterator(prefix / "lib", error)) {
    if (!python.path().filename().string().starts_with("python3")) continue;
    for (const auto* site : {"site-packages", "dist-packages"})
      packages.push_back(python.path() / site / "quartic");
  }
  for (const auto& package : packages)
    if (fs::exists(package / name, error)) files.push_back((package / name).string());
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

/// In the order in which they are tried.
std::vector<std::string> candidates() {
  if (const auto wanted = environment("QUARTIC_BLAS"); !wanted.empty()) return {wanted};
  std::vector<std::string> files;
  add_own(files);
  if (*QUARTIC_BLAS_LIBRARY) files.emplace_back(QUARTIC_BLAS_LIBRARY);
  files.insert(files.end(), {"libopenblas.so.0", "libopenblas.so"});
  return files;
}

template <class F>
bool find(void* library, const std::string& name, F*& function) {
  function = reinterpret_cast<F*>(dlsym(library, name.c_str()));
  return function != nullptr;
}

/// PyPI's OpenBLAS puts a prefix before all names.
bool find_all(void* library, const std::string& prefix, BlasFunctions& f) {
  return find(library, prefix + "cblas_sgemm", f.sgemm) &&
         find(library, prefix + "cblas_dgemm", f.dgemm) &&
         find(library, prefix + "cblas_dsyrk", f.dsyrk) &&
         find(library, prefix + "cblas_dgemv", f.dgemv) &&
         find(library, prefix + "cblas_ddot", f.ddot) &&
         find(library, prefix + "dpotrf_", f.dpotrf) &&
         find(library, prefix + "dpotrs_", f.dpotrs) &&
         find(library, prefix + "dtrtrs_", f.dtrtrs) &&
         find(library, prefix + "dgesdd_", f.dgesdd) &&
         find(library, prefix + "openblas_get_num_threads", f.threads) &&
         find(library, prefix + "openblas_set_num_threads", f.set_threads);
}

/// The widest that a product of matrices gains from: Zen 4 takes 512 bits in two halves.
std::string cpu_simd() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      !__builtin_cpu_is("amdfam19h"))
    return "AVX-512";
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "AVX2";
#endif
  return "";
}

BlasIdentity identify(void* library, const std::string& prefix) {
  BlasIdentity out;
  char* (*text)();
  if (find(library, prefix + "openblas_get_config", text)) {
    // "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH ..."
    const std::string config = text();
    out.version = config.substr(0, config.find(' ', config.find(' ') + 1));
  }
  if (find(library, prefix + "openblas_get_corename", text)) out.core = text();
  Dl_info info{};
  void* function = dlsym(library, (prefix + "cblas_sgemm").c_str());
  if (dladdr(function, &info) != 0 && info.dli_fname) out.file = info.dli_fname;
  const std::string wanted = environment("OPENBLAS_CORETYPE");
  out.advice = blas_advice(out.core, cpu_simd(), wanted);
  out.chosen = !wanted.empty();
  return out;
}

struct Loaded {
  BlasFunctions functions{};
  BlasIdentity identity;
};

/// OpenBLAS takes so much as it is loaded, and again for every thread that calls it while others
/// do; where there is none, it ends the process with words of its own.
constexpr std::size_t buffer = 32 << 20;

/// Throws std::bad_alloc where a limit of the process leaves less.
void require_room(std::size_t bytes) {
  void* place = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (place == MAP_FAILED) throw std::bad_alloc();
  munmap(place, bytes);
}

Loaded load() {
  const OneCpu one;
  constexpr std::size_t code = 48 << 20;  // of all its kernels, at most
  require_room(code + buffer);
  std::string tried, why_not;
  for (const auto& file : candidates()) {
    tried += (tried.empty() ? "" : ", ") + file;
    void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!library) {
      why_not = dlerror();
      continue;
    }
    why_not = file + " is no OpenBLAS";
    for (const auto* prefix : {"scipy_", ""}) {
      Loaded out;
      if (!find_all(library, prefix, out.functions)) continue;
      out.identity = identify(library, prefix);
      return out;
    }
    dlclose(library);
  }
  if (!environment("QUARTIC_BLAS").empty())
    throw BadInput("QUARTIC_BLAS cannot be used: " + why_not,
                   "give the file of an OpenBLAS, or unset it");
  throw Error(ErrorCode::internal, "no OpenBLAS could be loaded (tried " + tried + ")",
              "install one (Debian: libopenblas0), or set QUARTIC_BLAS to its file");
}

const Loaded& loaded() {
  static const Loaded once = load();
  return once;
}

bool equal_letters(const std::string& one, const std::string& other) {
  return std::equal(
      one.begin(), one.end(), other.begin(), other.end(),
      [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

/// What OPENBLAS_CORETYPE may be; some names stand for another's kernels.
bool is_core(const std::string& name) {
  constexpr std::array cores{
      "Katmai",    "Coppermine", "Northwood",      "Prescott",   "Banias",      "Atom",
      "Core2",     "Penryn",     "Dunnington",     "Nehalem",    "Sandybridge", "Haswell",
      "SkylakeX",  "Cooperlake", "SapphireRapids", "Athlon",     "Opteron",     "Opteron_SSE3",
      "Barcelona", "Bobcat",     "Bulldozer",      "Piledriver", "Steamroller", "Excavator",
      "Zen",       "Nano"};
  return std::any_of(cores.begin(), cores.end(),
                     [&](const char* core) { return equal_letters(name, core); });
}

double measure_speed() {
  constexpr int n = 384;
  const std::vector<float> a(n * n, 0.5F), b(n * n, 0.25F);
  std::vector<float> c(n * n);
  const SerialBlas serial;
  double best = std::numeric_limits<double>::infinity();
  for (int run = 0; run < 6; ++run) {  // the first finds cold caches
    const auto start = std::chrono::steady_clock::now();
    blas().sgemm(row_major, as_is, as_is, n, n, n, 1, a.data(), n, b.data(), n, 0, c.data(), n);
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    best = std::min(best, taken.count());
  }
  return 2e-9 * n * n * n / best;
}

}  // namespace

const BlasFunctions& blas() {
  const BlasFunctions& functions = loaded().functions;
  thread_local bool has_room = false;
  if (!has_room) {
    require_room(buffer);
    has_room = true;
  }
  return functions;
}

const BlasIdentity& blas_identity() {
  return loaded().identity;
}

double blas_speed() {
  static const double once = measure_speed();
  return once;
}

std::string blas_advice(const std::string& core, const std::string& simd,
                        const std::string& wanted) {
  const auto one_of = [&](std::initializer_list<std::string_view> cores) {
    return std::find(cores.begin(), cores.end(), core) != cores.end();
  };
  if (!wanted.empty() && !core.empty() && !is_core(wanted) && !equal_letters(wanted, core))
    return "OpenBLAS took its kernels for " + core + ", not OPENBLAS_CORETYPE=" + wanted +
           ", which is none that it is known to have; unset it";
  const bool best = one_of({"SkylakeX", "Cooperlake", "SapphireRapids"});
  const bool middle = one_of({"Haswell", "Zen", "Excavator"});
  if (core.empty() || simd.empty() || best || (middle && simd != "AVX-512")) return "";
  const std::string what = "OpenBLAS multiplies matrices with its kernels for " + core +
                           " though this CPU has " + simd + ": slower than it could";
  if (!wanted.empty()) return what + ": unset OPENBLAS_CORETYPE=" + wanted;
  return what + ": set OPENBLAS_CORETYPE=" + (simd == "AVX2" ? "Haswell" : "SkylakeX") +
         ", or install quartic with pip, which brings a newer OpenBLAS";
}

}  // namespace quartic
