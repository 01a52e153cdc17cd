// libquartic_mpi.so, the one file that knows of MPI.
#include "mpi/plugin.hpp"

#include <mpi.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace {

struct Ranks {
  MPI_Comm all = MPI_COMM_NULL, beside = MPI_COMM_NULL;
  int rank = 0, size = 1;
  bool began = false;
};

Ranks& of(void* ranks) {
  return *static_cast<Ranks*>(ranks);
}

/// Of one message: the root takes no more at once into buffers of MPI's.
constexpr std::size_t piece = std::size_t{16} << 20U;

/// Calls f(first, size) for consecutive pieces.
template <class F>
void by_pieces(std::size_t size, F&& f) {
  for (std::size_t first = 0; first < size; first += piece)
    f(first, static_cast<int>(std::min(piece, size - first)));
}

void* open(const void* communicator) {
  auto* out = new Ranks;
  MPI_Comm from = MPI_COMM_WORLD;
  if (communicator != nullptr) {
    from = *static_cast<const MPI_Comm*>(communicator);
  } else {
    int begun = 0, given = 0;
    MPI_Initialized(&begun);
    if (!begun) MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &given);
    out->began = !begun;
  }
  MPI_Comm_dup(from, &out->all);
  MPI_Comm_dup(from, &out->beside);
  MPI_Comm_rank(out->all, &out->rank);
  MPI_Comm_size(out->all, &out->size);
  return out;
}

void broadcast(void* ranks, void* data, std::size_t size, int from) {
  by_pieces(size, [&](std::size_t first, int count) {
    MPI_Bcast(static_cast<char*>(data) + first, count, MPI_BYTE, from, of(ranks).all);
  });
}

void gather_by_one(const Ranks& r, const char* mine, char* all, const std::vector<int>& sizes,
                   bool everywhere) {
  std::vector<int> offsets(sizes.size());
  for (std::size_t k = 1; k < sizes.size(); ++k) offsets[k] = offsets[k - 1] + sizes[k - 1];
  if (everywhere)
    MPI_Allgatherv(mine, sizes[r.rank], MPI_BYTE, all, sizes.data(), offsets.data(), MPI_BYTE,
                   r.all);
  else
    MPI_Gatherv(mine, sizes[r.rank], MPI_BYTE, all, sizes.data(), offsets.data(), MPI_BYTE, 0,
                r.all);
}

void gather(void* ranks, const void* mine_given, void* all_given, const std::size_t* sizes,
            int everywhere) {
  const Ranks& r = of(ranks);
  const auto* mine = static_cast<const char*>(mine_given);
  auto* all = static_cast<char*>(all_given);
  std::size_t total = 0;
  for (int k = 0; k < r.size; ++k) total += sizes[k];
  if (total <= piece) return gather_by_one(r, mine, all, {sizes, sizes + r.size}, everywhere != 0);
  std::size_t offset = 0;
  for (int from = 0; from < r.size; offset += sizes[from++]) {
    const bool own = from == r.rank;
    if (everywhere != 0 || r.rank == 0)
      if (own) std::copy_n(mine, sizes[from], all + offset);
    if (everywhere != 0) {
      broadcast(ranks, all + offset, sizes[from], from);
    } else if (from > 0) {
      by_pieces(sizes[from], [&](std::size_t first, int count) {
        if (own) MPI_Send(mine + first, count, MPI_BYTE, 0, 0, r.all);
        if (r.rank == 0)
          MPI_Recv(all + offset + first, count, MPI_BYTE, from, 0, r.all, MPI_STATUS_IGNORE);
      });
    }
  }
}

void reduce(void* ranks, double* values, std::size_t count, MPI_Op by) {
  by_pieces(count * sizeof(double), [&](std::size_t first, int size) {
    MPI_Allreduce(MPI_IN_PLACE, values + first / sizeof(double),
                  size / static_cast<int>(sizeof(double)), MPI_DOUBLE, by, of(ranks).all);
  });
}

int meet(void* ranks, double seconds) {
  MPI_Request request = MPI_REQUEST_NULL;
  MPI_Ibarrier(of(ranks).beside, &request);
  const double start = MPI_Wtime();
  int met = 0;
  do {
    MPI_Test(&request, &met, MPI_STATUS_IGNORE);
  } while (!met && MPI_Wtime() - start < seconds);
  return met;
}

void close(void* ranks) {
  auto* r = &of(ranks);
  int ended = 0;
  MPI_Finalized(&ended);
  if (!ended) {
    MPI_Comm_free(&r->all);
    MPI_Comm_free(&r->beside);
    if (r->began) MPI_Finalize();
  }
  delete r;
}

}  // namespace

const QuarticMpi* quartic_mpi() {
  static const QuarticMpi functions = {
      quartic_mpi_version,
      open,
      [](void* r) { return of(r).rank; },
      [](void* r) { return of(r).size; },
      gather,
      broadcast,
      [](void* r, double* values, std::size_t n) { reduce(r, values, n, MPI_MAX); },
      [](void* r, double* values, std::size_t n) { reduce(r, values, n, MPI_SUM); },
      meet,
      [](void* r, int code) { MPI_Abort(of(r).all, code); },
      close};
  return &functions;
}
