#include "stats/lattice_fourier.hpp"

#include <algorithm>
#include <complex>
#include <cstddef>
#include <unsupported/Eigen/FFT>

#include "quartic/core/aligned.hpp"

namespace quartic {
namespace {

template <class T>
struct EightOf;
template <>
struct EightOf<float> {
  typedef float type __attribute__((vector_size(32)));
};
template <>
struct EightOf<double> {
  typedef double type __attribute__((vector_size(64)));
};

/// Eight chains as one number, so that the scalar transform runs on all of them.
template <class T>
struct Pack {
  static constexpr int width = 8;
  using Values = typename EightOf<T>::type;
  Values v{};

  Pack() = default;
  Pack(T x) : v(Values{} + x) {}  // NOLINT: a number among numbers
  explicit Pack(Values x) : v(x) {}
  Pack& operator+=(const Pack& o) { return v += o.v, *this; }
  Pack& operator-=(const Pack& o) { return v -= o.v, *this; }
  Pack& operator*=(const Pack& o) { return v *= o.v, *this; }
  friend Pack operator+(Pack x, const Pack& y) { return x += y; }
  friend Pack operator-(Pack x, const Pack& y) { return x -= y; }
  friend Pack operator*(Pack x, const Pack& y) { return x *= y; }
  friend Pack operator*(Pack x, int y) { return x *= Pack(static_cast<T>(y)); }
  friend Pack operator-(const Pack& x) { return Pack(-x.v); }
};

int volume(std::span<const int> extent) {
  int sites = 1;
  for (const int n : extent) sites *= n;
  return sites;
}

/// Transforms in place along every direction, line by line.
template <class Number>
void transform(std::span<const int> extent, std::complex<Number>* field) {
  Eigen::FFT<Number> fft;
  const std::size_t most =
      static_cast<std::size_t>(*std::max_element(extent.begin(), extent.end()));
  AlignedVector<std::complex<Number>> line(most), image(most);
  const int sites = volume(extent);
  int stride = sites;
  for (const int n : extent) {
    stride /= n;
    for (int start = 0; start < sites; ++start) {
      if (start / stride % n != 0) continue;
      std::complex<Number>* first = field + start;
      for (int x = 0; x < n; ++x) line[x] = first[static_cast<std::ptrdiff_t>(x) * stride];
      fft.fwd(image.data(), line.data(), n);
      for (int x = 0; x < n; ++x) first[static_cast<std::ptrdiff_t>(x) * stride] = image[x];
    }
  }
}

/// The site of momentum -k for every k.
std::vector<int> opposite(std::span<const int> extent) {
  std::vector<int> out{0};
  for (const int n : extent) {
    std::vector<int> next;
    for (const int at : out)
      for (int k = 0; k < n; ++k) next.push_back(at * n + (n - k) % n);
    out = std::move(next);
  }
  return out;
}

}  // namespace

bool translation_invariant(const Lattice* lattice) {
  return lattice != nullptr && !lattice->periodic.empty() && lattice->name != "honeycomb" &&
         std::find(lattice->periodic.begin(), lattice->periodic.end(), false) ==
             lattice->periodic.end();
}

template <class T>
void add_power(std::span<const int> extent, FieldBlock<const T> phi, int lanes_per_group,
               std::span<double> power) {
  using Number = Pack<T>;
  constexpr int width = Number::width;
  static_assert(lanes_together == 2 * width);
  const int groups = lanes_together / lanes_per_group;
  const auto minus = opposite(extent);
  AlignedVector<std::complex<Number>> field(phi.sites);
  for (int first = 0; first < phi.lanes; first += lanes_together) {
    // Two real fields x, y travel as x + iy.
    for (int site = 0; site < phi.sites; ++site) {
      Number x, y;
      for (int k = 0; k < width; ++k) {
        x.v[k] = phi.site(site)[first + k];
        y.v[k] = phi.site(site)[first + width + k];
      }
      field[site] = {x, y};
    }
    transform(extent, field.data());
    for (int k = 0; k < phi.sites; ++k) {
      const auto z = field[k], w = field[minus[k]];
      const Number xr = z.real() + w.real(), xi = z.imag() - w.imag();
      const Number yr = z.imag() + w.imag(), yi = z.real() - w.real();
      const Number x = xr * xr + xi * xi, y = yr * yr + yi * yi;
      double square[lanes_together];
      for (int lane = 0; lane < width; ++lane) {
        square[lane] = static_cast<double>(x.v[lane]);
        square[width + lane] = static_cast<double>(y.v[lane]);
      }
      double* out = power.data() +
                    (static_cast<std::ptrdiff_t>(first / lanes_together) * phi.sites + k) * groups;
      if (lanes_per_group == 1) {
        for (int lane = 0; lane < lanes_together; ++lane) out[lane] += 0.25 * square[lane];
      } else {
        for (int lane = 0; lane < lanes_together; ++lane)
          out[lane / lanes_per_group] += 0.25 * square[lane];
      }
    }
  }
}

template void add_power(std::span<const int>, FieldBlock<const float>, int, std::span<double>);
template void add_power(std::span<const int>, FieldBlock<const double>, int, std::span<double>);

std::vector<double> inverse_transform(std::span<const int> extent, std::span<const double> f) {
  AlignedVector<std::complex<double>> field(f.begin(), f.end());
  transform(extent, field.data());  // forth and back are the same for f(k) = f(-k)
  std::vector<double> out;
  for (const auto& z : field) out.push_back(z.real() / static_cast<double>(f.size()));
  return out;
}

}  // namespace quartic
