#include "learn/score_regression.hpp"

#include <algorithm>

#include "core/blas.hpp"
#include "core/parallel.hpp"
#include "learn/local_couplings.hpp"
#include "learn/site_samples.hpp"
#include "quartic/core/linear_algebra.hpp"

namespace quartic {
namespace {

/// d_i of every sample, row by row, and below them the gradient of A - S: [row][sample].
template <class T>
void fill_rows(const FieldSamples<T>& samples, const Graph& graph, int site,
               const SiteSamples& gradient, std::vector<double>& rows) {
  const auto neighbours = graph.neighbours(site);
  const std::size_t count = samples.count();
  rows.resize((neighbours.size() + 4) * count);
  double* to = rows.data();
  const auto fill = [&](int from, auto&& value) {
    for (int block = 0; block < samples.blocks; ++block) {
      for (int draw = 0; draw < samples.draws; ++draw) {
        const T* phi = samples.block(draw, block).site(from);
        for (int lane = 0; lane < samples.lanes; ++lane) to[lane] = value(double(phi[lane]));
        to += samples.lanes;
      }
    }
  };
  for (const auto& n : neighbours) fill(n.site, [](double x) { return -x; });
  std::fill_n(to, count, 1.0), to += count;
  fill(site, [](double x) { return 2 * x; });
  fill(site, [](double x) { return 4 * x * x * x; });
  std::copy_n(gradient.site(site), count, to);
}

}  // namespace

template <class T>
std::vector<double> score_step(const FieldSamples<T>& samples, const Target& target,
                               const Action& action, const Parameters& parameters) {
  const Graph& graph = parameters.graph();
  const LocalCouplings local(graph);
  const auto gradient = action_difference(SitePart::gradient, target, action, samples);
  const auto count = static_cast<int>(samples.count());
  std::vector<double> matrix(local.matrix_size()), right(local.vector_size());
  std::vector<std::vector<double>> scratch(samples.threads);
  {
    const SerialBlas serial;
    in_parallel(graph.sites(), samples.threads, [&](int site, int thread) {
      auto& rows = scratch[thread];
      fill_rows(samples, graph, site, gradient, rows);
      const int length = local.count(site);
      blas().dsyrk(row_major, lower_triangle, as_is, length, count, 1.0 / count, rows.data(), count,
                   0.0, matrix.data() + local.matrix_at(site), length);
      const auto last = rows.data() + static_cast<std::ptrdiff_t>(length) * count;
      blas().dgemv(row_major, as_is, length, count, 1.0 / count, rows.data(), count, last, 1, 0.0,
                   right.data() + local.vector_at(site), 1);
    });
  }
  const auto index = local.index(parameters);
  const auto equations = local.sum_matrix(matrix, index, parameters.size());
  return conjugate_gradients([&](std::span<const double> v) { return equations.apply(v); },
                             local.sum(right, index, parameters.size()), equations.diagonal(), 0)
      .x;
}

template std::vector<double> score_step(const FieldSamples<float>&, const Target&, const Action&,
                                        const Parameters&);
template std::vector<double> score_step(const FieldSamples<double>&, const Target&, const Action&,
                                        const Parameters&);

}  // namespace quartic
