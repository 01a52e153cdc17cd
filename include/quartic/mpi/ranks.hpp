// The ranks of an MPI job as a team. MPI itself is in libquartic_mpi.so, loaded where it is asked
// for and at no other time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "quartic/core/team.hpp"

struct QuarticMpi;

namespace quartic {

/// How a launcher started this process: one of several copies.
struct Launch {
  std::string launcher;  ///< "mpirun", "srun"
  int rank = 0, ranks = 1;
};

/// What the environment says of it (Open MPI, MPICH and its relatives, Slurm); nothing where the
/// process is alone, also as one task of srun or of an array, and where QUARTIC_MPI=off says that
/// copies are to be runs of their own.
std::optional<Launch> launched();

/// The ranks of a communicator.
class Ranks : public Team {
 public:
  /// All ranks of the job; begins MPI, and ends it. Throws Error where this quartic has no MPI.
  Ranks();
  /// Those of *communicator, an MPI_Comm of a program that has begun MPI.
  explicit Ranks(const void* communicator);
  ~Ranks() override;
  Ranks(const Ranks&) = delete;
  Ranks& operator=(const Ranks&) = delete;

  int rank() const override { return rank_; }
  int size() const override { return size_; }
  void gather(std::span<const std::byte> mine, std::span<std::byte> all,
              std::span<const std::size_t> sizes, bool everywhere) const override;
  void exchange(std::span<const std::size_t> sizes, const std::function<void(std::byte*)>& write,
                const std::function<void(int, const std::byte*)>& read) const override;
  void broadcast(std::span<std::byte> data, int from = 0) const override;
  void max(std::span<double> values) const override;
  void add_counts(std::span<double> values) const override;

  /// Whether all ranks come here within a few seconds: an error of all is no error of one.
  bool meet() const;
  /// Ends the whole job.
  void abort(int code) const;

  /// What this rank has had to do with since it began: calls of the team, bytes that it gave or got
  /// in them, and the time in them, most of which is waiting for others.
  struct Traffic {
    std::int64_t messages = 0, bytes = 0;
    double seconds = 0;
  };
  const Traffic& traffic() const { return traffic_; }

 private:
  template <class F>
  void counted(std::size_t bytes, F&& f) const;
  void count(std::size_t bytes, double seconds) const;

  const QuarticMpi* mpi_;
  void* ranks_;
  int rank_, size_;
  mutable Traffic traffic_;
};

/// Throws BadInput where ranks would not take the same decisions: they differ in what they run
/// (`text`: the effective config, the command), in quartic's version, or in the instructions or the
/// BLAS that their machines choose.
void require_same_run(const Team& team, const std::string& text);

}  // namespace quartic
