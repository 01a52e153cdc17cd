// libquartic_mpi.so, the one file that knows of MPI.
#include "mpi/plugin.hpp"

#include <mpi.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace {

/// Memory that all ranks of a node see: what they give each other goes through it, without
/// messages. It lives as long as MPI: to free it ranks would have to meet, also where one has
/// failed.
struct Board {
  MPI_Win window = MPI_WIN_NULL;
  char* data = nullptr;  ///< null: there is none
  unsigned rounds = 0;   ///< of all that have opened the communicator: they may be open at once
};

struct Ranks {
  MPI_Comm all = MPI_COMM_NULL, beside = MPI_COMM_NULL;
  int rank = 0, size = 1;
  bool began = false;
  Board* board = nullptr;  ///< null: one rank alone

  bool has_board() const { return board != nullptr && board->data != nullptr; }
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

/// One half of the board is written while the other may yet be read.
constexpr std::size_t half_board = std::size_t{4} << 20U;

/// Nothing where ranks are on several nodes, or have no such memory.
Board make_board(MPI_Comm all, int size) {
  Board board;
  MPI_Comm node = MPI_COMM_NULL;
  int here = 1, rank = 0, made = 0, made_by_all = 0;
  MPI_Comm_split_type(all, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node);
  MPI_Comm_size(node, &here);
  MPI_Comm_rank(node, &rank);
  int together = here == size ? 1 : 0;
  MPI_Allreduce(MPI_IN_PLACE, &together, 1, MPI_INT, MPI_MIN, all);
  if (together != 0) {
    MPI_Comm_set_errhandler(node, MPI_ERRORS_RETURN);
    void* own = nullptr;
    made = MPI_Win_allocate_shared(rank == 0 ? 2 * half_board : 0, 1, MPI_INFO_NULL, node, &own,
                                   &board.window) == MPI_SUCCESS
               ? 1
               : 0;
    MPI_Allreduce(&made, &made_by_all, 1, MPI_INT, MPI_MIN, all);
  }
  if (made_by_all != 0) {
    MPI_Aint bytes = 0;
    int unit = 1;
    void* data = nullptr;
    MPI_Win_shared_query(board.window, 0, &bytes, &unit, &data);
    MPI_Win_lock_all(MPI_MODE_NOCHECK, board.window);
    board.data = static_cast<char*>(data);
  }
  MPI_Comm_free(&node);
  return board;
}

/// That of a communicator, made once.
Board* board_of(MPI_Comm from, MPI_Comm all, int size) {
  static int key = MPI_KEYVAL_INVALID;
  if (key == MPI_KEYVAL_INVALID)
    MPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, MPI_COMM_NULL_DELETE_FN, &key, nullptr);
  Board* board = nullptr;
  int found = 0;
  MPI_Comm_get_attr(from, key, static_cast<void*>(&board), &found);
  if (found == 0) {
    board = new Board(make_board(all, size));
    MPI_Comm_set_attr(from, key, board);
  }
  return board;
}

/// Every rank writes its part, all meet, every rank reads. A half is written anew two rounds later,
/// after a meeting that whoever reads it comes to when it is done. `offsets` of the parts'
/// beginnings.
template <class Write, class Read>
void by_board(const Ranks& r, const std::vector<std::size_t>& offsets, Write&& write, Read&& read) {
  char* half = r.board->data + (r.board->rounds++ % 2) * half_board;
  write(half + offsets[r.rank]);
  MPI_Win_sync(r.board->window);
  MPI_Barrier(r.all);
  MPI_Win_sync(r.board->window);
  for (int rank = 0; rank < r.size; ++rank)
    if (rank != r.rank) read(rank, half + offsets[rank]);
}

/// By as much a rank as a half has room for.
void gather_by_board(const Ranks& r, const char* mine, char* all, const std::size_t* sizes) {
  const std::size_t room = half_board / static_cast<std::size_t>(r.size) / 64 * 64;
  const std::size_t largest = *std::max_element(sizes, sizes + r.size);
  std::vector<std::size_t> places(r.size), to(r.size);
  for (int rank = 0; rank < r.size; ++rank) places[rank] = room * rank;
  for (int rank = 1; rank < r.size; ++rank) to[rank] = to[rank - 1] + sizes[rank - 1];
  std::copy_n(mine, sizes[r.rank], all + to[r.rank]);
  for (std::size_t done = 0; done < largest; done += room) {
    const auto part = [&](int rank) {
      return std::min(room, sizes[rank] - std::min(done, sizes[rank]));
    };
    by_board(
        r, places, [&](char* place) { std::copy_n(mine + done, part(r.rank), place); },
        [&](int rank, const char* place) {
          std::copy_n(place, part(rank), all + to[rank] + done);
        });
  }
}

int exchange(void* ranks, const std::size_t* sizes, void* context, void (*write)(void*, void*),
             void (*read)(void*, int, const void*)) {
  const Ranks& r = of(ranks);
  std::vector<std::size_t> offsets(r.size);
  std::size_t end = 0;
  for (int rank = 0; rank < r.size; ++rank)
    offsets[rank] = end, end += (sizes[rank] + 63) / 64 * 64;
  if (!r.has_board() || end > half_board) return 0;
  by_board(
      r, offsets, [&](char* place) { write(context, place); },
      [&](int rank, const char* place) { read(context, rank, place); });
  return 1;
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
  // mpi4py's own return errors, which nothing here would look at.
  MPI_Comm_set_errhandler(out->all, MPI_ERRORS_ARE_FATAL);
  MPI_Comm_set_errhandler(out->beside, MPI_ERRORS_ARE_FATAL);
  if (out->size > 1) out->board = board_of(from, out->all, out->size);
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
  if (everywhere != 0 && r.has_board()) return gather_by_board(r, mine, all, sizes);
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
      exchange,
      broadcast,
      [](void* r, double* values, std::size_t n) { reduce(r, values, n, MPI_MAX); },
      [](void* r, double* values, std::size_t n) { reduce(r, values, n, MPI_SUM); },
      meet,
      [](void* r, int code) { MPI_Abort(of(r).all, code); },
      close};
  return &functions;
}
