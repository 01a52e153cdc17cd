// What libquartic_mpi.so gives: MPI behind plain functions, so that nothing else needs MPI to be
// compiled or loaded.
#pragma once

#include <cstddef>

extern "C" {

/// Ranks of one communicator. All calls end the job where MPI fails. Sizes are bytes.
struct QuarticMpi {
  int version;  ///< quartic_mpi_version

  /// A duplicate of *communicator, an MPI_Comm of a program that has begun MPI; null: begins MPI
  /// and takes all ranks of the job.
  void* (*open)(const void* communicator);
  int (*rank)(void* ranks);
  int (*size)(void* ranks);
  void (*gather)(void* ranks, const void* mine, void* all, const size_t* sizes, int everywhere);
  /// Team::exchange of bytes that all ranks see; 0 where there is no such memory for as many, and
  /// nothing was done: on all ranks alike.
  int (*exchange)(void* ranks, const size_t* sizes, void* context,
                  void (*write)(void* context, void* place),
                  void (*read)(void* context, int rank, const void* place));
  void (*broadcast)(void* ranks, void* data, size_t size, int from);
  void (*max)(void* ranks, double* values, size_t count);
  void (*add)(void* ranks, double* values, size_t count);
  /// Whether all ranks call this within so many seconds of each other; beside all other messages.
  int (*meet)(void* ranks, double seconds);
  void (*abort)(void* ranks, int code);
  /// Ends MPI where open() began it.
  void (*close)(void* ranks);
};

enum { quartic_mpi_version = 2 };

__attribute__((visibility("default"))) const QuarticMpi* quartic_mpi();
}
