// Fourier transforms of all chains at once against the direct sum, in one to three dimensions.
#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <numbers>
#include <vector>

#include "quartic/core/aligned.hpp"
#include "quartic/core/random.hpp"
#include "stats/lattice_fourier.hpp"

namespace quartic {
namespace {

const std::vector<std::vector<int>> extents = {{2}, {7}, {16}, {3, 5}, {4, 6}, {11, 2}, {3, 4, 5}};

Lattice lattice_of(const std::vector<int>& extent) {
  return {"hypercubic", extent, std::vector<bool>(extent.size(), true)};
}

/// exp(-i k x) of two sites.
std::complex<double> wave(const Lattice& lattice, int k, int x) {
  const auto n = lattice.coordinates(k), at = lattice.coordinates(x);
  double angle = 0;
  for (std::size_t d = 0; d < n.size(); ++d)
    angle += 2 * std::numbers::pi * n[d] * at[d] / lattice.extent[d];
  return std::polar(1.0, -angle);
}

template <class T>
void expect_direct_sum(double tolerance) {
  for (const auto& extent : extents) {
    const Lattice lattice = lattice_of(extent);
    const int sites = lattice.sites(), lanes = 32;
    AlignedVector<T> phi(static_cast<std::size_t>(sites) * lanes);
    RandomStream random(5, Stream::check, 0);
    for (T& x : phi) x = static_cast<T>(random.normal());
    const FieldBlock<const T> block{phi.data(), sites, lanes};
    for (const int together : {1, 4, 16}) {
      std::vector<double> power(static_cast<std::size_t>(sites) * (lanes / together), 0.5);
      add_power(lattice.extent, block, together, power);
      const int groups = 16 / together;
      const auto at = [&](int group, int k) {
        return power[(group / groups * sites + k) * groups + group % groups];
      };
      for (int group = 0; group < lanes / together; ++group) {
        double parseval = 0, squares = 0;
        for (int k = 0; k < sites; ++k) {
          double direct = 0.5;
          for (int lane = group * together; lane < (group + 1) * together; ++lane) {
            std::complex<double> sum = 0;
            for (int x = 0; x < sites; ++x) {
              sum += wave(lattice, k, x) * static_cast<double>(block.site(x)[lane]);
              if (k == 0) squares += std::pow(static_cast<double>(block.site(x)[lane]), 2);
            }
            direct += std::norm(sum);
          }
          EXPECT_NEAR(at(group, k), direct, tolerance * sites * together);
          parseval += at(group, k) - 0.5;
        }
        EXPECT_NEAR(parseval / sites, squares, tolerance * squares);
      }
    }
  }
}

TEST(LatticeFourier, DirectSumInDouble) {
  expect_direct_sum<double>(1e-12);
}
TEST(LatticeFourier, DirectSumInFloat) {
  expect_direct_sum<float>(3e-6);
}

TEST(LatticeFourier, InverseTransform) {
  for (const auto& extent : extents) {
    const Lattice lattice = lattice_of(extent);
    const int sites = lattice.sites();
    RandomStream random(6, Stream::check, 0);
    std::vector<double> f(sites);
    for (int k = 0; k < sites; ++k) {  // symmetric
      auto n = lattice.coordinates(k);
      int minus = 0;
      for (std::size_t d = 0; d < n.size(); ++d)
        minus = minus * extent[d] + (extent[d] - n[d]) % extent[d];
      f[k] = minus < k ? f[minus] : random.normal();
    }
    const auto back = inverse_transform(extent, f);
    for (int x = 0; x < sites; ++x) {
      std::complex<double> sum = 0;
      for (int k = 0; k < sites; ++k) sum += std::conj(wave(lattice, k, x)) * f[k];
      EXPECT_NEAR(back[x], sum.real() / sites, 1e-13);
      EXPECT_NEAR(sum.imag(), 0, 1e-12);
    }
  }
}

TEST(LatticeFourier, OnlyWhereEveryTranslationIsASymmetry) {
  EXPECT_FALSE(translation_invariant(nullptr));
  const auto periodic = [](const char* name, std::vector<bool> p) {
    const Lattice lattice{name, std::vector<int>(p.size(), 4), p};
    return translation_invariant(&lattice);
  };
  EXPECT_TRUE(periodic("king", {true, true}));
  EXPECT_TRUE(periodic("triangular", {true, true}));
  EXPECT_TRUE(periodic("chain", {true}));
  EXPECT_FALSE(periodic("square", {true, false}));
  EXPECT_FALSE(periodic("honeycomb", {true, true}));
  EXPECT_FALSE(periodic("complete", {}));
}

}  // namespace
}  // namespace quartic
