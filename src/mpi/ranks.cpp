#include "quartic/mpi/ranks.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <cstdlib>
#include <numeric>
#include <vector>

#include "mpi/plugin.hpp"
#include "quartic/core/blas.hpp"
#include "quartic/core/error.hpp"
#include "quartic/core/simd.hpp"
#include "quartic/run/session.hpp"
#include "quartic/runfile/run_file.hpp"

namespace quartic {
namespace {

namespace fs = std::filesystem;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

/// Empty: it is not there, or no number.
std::optional<int> number(const char* name) {
  const std::string text = environment(name);
  if (text.empty() || text.size() > 9 || text.find_first_not_of("0123456789") != std::string::npos)
    return std::nullopt;
  return std::stoi(text);
}

/// Beside the extension module or the program, where they are installed (PREFIX/bin, PREFIX/lib,
/// the Python package), and where they are built.
std::vector<std::string> candidates() {
  if (const auto wanted = environment("QUARTIC_MPI_LIBRARY"); !wanted.empty()) return {wanted};
  Dl_info info{};
  static const char here = 0;
  std::error_code error;
  if (dladdr(&here, &info) == 0 || !info.dli_fname) return {};
  fs::path file = info.dli_fname;
  if (!file.is_absolute()) file = fs::read_symlink("/proc/self/exe", error);
  const fs::path folder = file.parent_path(), prefix = folder.parent_path();
  std::vector<fs::path> folders{folder, prefix / "lib" / "quartic", prefix / "quartic"};
  for (const auto& python : fs::directory_iterator(prefix / "lib", error)) {
    if (!python.path().filename().string().starts_with("python3")) continue;
    for (const auto* site : {"site-packages", "dist-packages"})
      folders.push_back(python.path() / site / "quartic");
  }
  std::vector<std::string> files;
  for (const auto& one : folders) files.push_back((one / "libquartic_mpi.so").string());
  return files;
}

const QuarticMpi& load() {
  std::error_code error;
  std::string why;
  for (const auto& file : candidates()) {
    if (!fs::exists(file, error)) continue;
    // Globally: MPI's own parts look for its names.
    void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_GLOBAL);
    const auto get = library
                         ? reinterpret_cast<const QuarticMpi* (*)()>(dlsym(library, "quartic_mpi"))
                         : nullptr;
    if (get && get()->version == quartic_mpi_version) return *get();
    const char* said = get ? "it is of another version of quartic" : dlerror();
    why = fmt::format(": '{}' cannot be loaded: {}", file, said ? said : "no reason is given");
  }
  throw Error(
      ErrorCode::usage,
      "this quartic runs on one rank" + (why.empty() ? ", it was built without MPI" : why),
      "build it with -DQUARTIC_MPI=ON (docs/clusters.md); for runs of their own side by side "
      "set QUARTIC_MPI=off");
}

}  // namespace

std::optional<Launch> launched() {
  if (environment("QUARTIC_MPI") == "off") return std::nullopt;
  struct Names {
    const char *launcher, *ranks, *rank;
  };
  constexpr Names all[] = {{"mpirun", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK"},
                           {"mpirun", "PMI_SIZE", "PMI_RANK"},
                           {"mpirun", "MV2_COMM_WORLD_SIZE", "MV2_COMM_WORLD_RANK"},
                           {"srun", "SLURM_STEP_NUM_TASKS", "SLURM_PROCID"}};
  for (const auto& names : all) {
    const auto ranks = number(names.ranks), rank = number(names.rank);
    if (!ranks || !rank) continue;
    if (*ranks < 2) return std::nullopt;
    return Launch{names.launcher, *rank, *ranks};
  }
  return std::nullopt;
}

Ranks::Ranks() : Ranks(nullptr) {}

Ranks::Ranks(const void* communicator)
    : mpi_(&load()),
      ranks_(mpi_->open(communicator)),
      rank_(mpi_->rank(ranks_)),
      size_(mpi_->size(ranks_)) {}

Ranks::~Ranks() {
  mpi_->close(ranks_);
}

template <class F>
void Ranks::counted(std::size_t bytes, F&& f) const {
  const Clock clock;
  f();
  count(bytes, clock.seconds());
}

void Ranks::count(std::size_t bytes, double seconds) const {
  ++traffic_.messages, traffic_.bytes += static_cast<std::int64_t>(bytes);
  traffic_.seconds += seconds;
}

void Ranks::gather(std::span<const std::byte> mine, std::span<std::byte> all,
                   std::span<const std::size_t> sizes, bool everywhere) const {
  counted(everywhere || root() ? all.size() : mine.size(),
          [&] { mpi_->gather(ranks_, mine.data(), all.data(), sizes.data(), everywhere ? 1 : 0); });
}

void Ranks::exchange(std::span<const std::size_t> sizes,
                     const std::function<void(std::byte*)>& write,
                     const std::function<void(int, const std::byte*)>& read) const {
  struct Context {
    const std::function<void(std::byte*)>& write;
    const std::function<void(int, const std::byte*)>& read;
  } context{write, read};
  const Clock clock;
  const int done = mpi_->exchange(
      ranks_, sizes.data(), &context,
      [](void* c, void* place) {
        static_cast<const Context*>(c)->write(static_cast<std::byte*>(place));
      },
      [](void* c, int rank, const void* place) {
        static_cast<const Context*>(c)->read(rank, static_cast<const std::byte*>(place));
      });
  if (done == 0) return Team::exchange(sizes, write, read);
  count(std::accumulate(sizes.begin(), sizes.end(), std::size_t{0}), clock.seconds());
}

void Ranks::broadcast(std::span<std::byte> data, int from) const {
  counted(data.size(), [&] { mpi_->broadcast(ranks_, data.data(), data.size(), from); });
}

void Ranks::max(std::span<double> values) const {
  counted(2 * values.size_bytes(), [&] { mpi_->max(ranks_, values.data(), values.size()); });
}

void Ranks::add_counts(std::span<double> values) const {
  counted(2 * values.size_bytes(), [&] { mpi_->add(ranks_, values.data(), values.size()); });
}

bool Ranks::meet() const {
  constexpr double patience = 2;  // seconds
  return mpi_->meet(ranks_, patience) != 0;
}

void Ranks::abort(int code) const {
  mpi_->abort(ranks_, code);
}

void require_same_run(const Team& team, const std::string& text) {
  if (!team.several()) return;
  const auto require = [&](const std::string& value, const char* what, const char* hint) {
    if (!same_everywhere(team, value))
      throw BadInput(fmt::format("the ranks differ in {}: they would not make one run", what),
                     hint);
  };
  const auto program = program_provenance();
  require(program.version + program.git_hash, "the quartic that they run",
          "start the same program on all nodes");
  require(simd_target() + blas_identity().core + blas_identity().version,
          "the instructions or the BLAS of their CPUs", "take nodes of one kind");
  require(text, "the config or the command", "give all ranks the same files and options");
}

}  // namespace quartic
