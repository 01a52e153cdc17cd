// Fourier transforms of fields on periodic lattices.
#pragma once

#include <span>
#include <vector>

#include "quartic/field/field_block.hpp"
#include "quartic/graph/lattice.hpp"

namespace quartic {

/// Whether every translation by a site is a symmetry of the lattice: periodic in all directions,
/// with one site a cell. Not for nullptr.
bool translation_invariant(const Lattice* lattice);

/// Chains transformed together, the fewest that a block holds.
inline constexpr int lanes_together = 16;

/// power[(lane / 16 * sites + k) * groups + lane % 16 / lanes_per_group] += |phi(k)|^2 of every
/// lane, groups = 16 / lanes_per_group, phi(k) = sum_x phi(x) exp(-i k x), k_d = 2 pi n_d / L_d,
/// momenta n in the sites' own row-major order. Transformed in the fields' own precision. O(lanes V
/// log V) where the extents have small prime factors. lanes_per_group divides 16.
template <class T>
void add_power(std::span<const int> extent, FieldBlock<const T> phi, int lanes_per_group,
               std::span<double> power);

/// sum_k f(k) exp(i k x) / V of a real symmetric f(k) = f(-k). O(V log V).
std::vector<double> inverse_transform(std::span<const int> extent, std::span<const double> f);

}  // namespace quartic
