// Embedded cluster updates of a block of chains: Swendsen-Wang on the signs of phi (Brower &
// Tamayo, Phys. Rev. Lett. 62, 1087, 1989), for all chains at once.
//
// With |phi| held fixed the signs s_i are an Ising model with couplings J_ij = w_ij |phi_i| |phi_j|
// of either sign in a field -r_i |phi_i|. A field is a coupling to one more spin that never turns,
// the ghost. An edge becomes a bond with probability
//
//     p_ij = 1 - exp(-2 w_ij phi_i phi_j)   where w_ij phi_i phi_j > 0,  and 0 elsewhere,
//
// a site is tied to the ghost with 1 - exp(2 r_i phi_i) where r_i phi_i < 0. Given the bonds, all
// signs that keep w_ij phi_i phi_j > 0 on every bond are equally likely (Edwards & Sokal, Phys.
// Rev. D 38, 2009, 1988): each cluster of bonded sites may turn as a whole, except the one that
// holds the ghost. So any choice of clusters to turn is exact that is made from the bonds and from
// fresh random numbers without a look at the signs.
#pragma once

#include <cstdint>

#include "mcmc/cluster_table.hpp"
#include "quartic/core/aligned.hpp"

namespace quartic {

/// Working memory of one thread, sized at first use. A chain is a bit of 64-bit words, or, on the
/// table's boards, a lane whose words hold 32 sites.
struct ClusterScratch {
  AlignedVector<float> minus_strength;                    ///< by edge of the table, scaled
  AlignedVector<std::uint64_t> bonds;                     ///< by edge of the table
  AlignedVector<std::uint64_t> ties;                      ///< by ghost tie of the table
  AlignedVector<std::uint64_t> turned, tied;              ///< by position
  AlignedVector<std::uint32_t> board_bonds;               ///< by ClusterBoards::index
  AlignedVector<std::uint32_t> board_turned, board_tied;  ///< likewise, a word a tile
  AlignedVector<std::uint8_t> labels;                     ///< [position][64]
  AlignedVector<std::uint8_t> dirty;                      ///< by block or tile
  int lanes = 0;
  bool on_boards = false;  ///< where the signs to turn were last chosen
};

/// A block of chains, and what drives them. `scale` multiplies every w (annealing from w = 0).
template <class T>
struct ClusterBlock {
  const ClusterTable* table;
  T scale;
  T* phi;                ///< [site][lane], 64-byte aligned rows
  std::uint32_t* words;  ///< [4][lane], the chains' random streams
  int lanes;             ///< 16, 32, 48 or 64; without boards fewer cost as much as 64
  int seeds;             ///< random sites a chain that choose_fill fills from
  ClusterScratch* scratch;
  std::int32_t begin = 0;             ///< positions that turn_signs turns, from here
  std::int32_t end = table->sites();  ///< to here; begin is a multiple of 32
  /// Boards of bonds that draw_board_bonds has drawn already, for choose_fill; else it draws them.
  const AlignedVector<std::uint32_t>* bonds = nullptr;
};

/// Fills through the bonds from `seeds` random sites a chain and chooses everything it reached, but
/// for what hangs on the ghost. The seeds do not depend on the signs, and what is reached is a
/// union of whole clusters: exact for any number of seeds. The ghost's cluster is found by a second
/// fill, from every tied site, and taken out; the other clusters still turn. Returns the number of
/// signs to turn. O(V + E) a visit; a few visits a block of sites near criticality.
template <class T>
double choose_fill(const ClusterBlock<T>& block);

/// Labels every cluster with the largest of its sites' random labels and chooses the clusters whose
/// label is odd. Where two clusters tie they turn together, which leaves the move exact. Returns
/// the number of signs to turn.
template <class T>
double choose_swendsen_wang(const ClusterBlock<T>& block);

/// Draws the bonds of the table's edges [first, last), whole pairs, onto boards, which the first
/// edge clears. All ranges in turn make what choose_fill draws first.
template <class T>
void draw_board_bonds(const ClusterBlock<T>& block, std::int32_t first, std::int32_t last,
                      AlignedVector<std::uint32_t>& boards);

/// Turns what was chosen last, in [begin, end), apart from the choice so that a local pass can
/// follow while the fields are in the cache.
template <class T>
void turn_signs(const ClusterBlock<T>& block);

}  // namespace quartic
