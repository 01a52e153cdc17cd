#include "quartic/field/stored_fields.hpp"

#include <fmt/format.h>
#include <omp.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "core/parallel.hpp"
#include "quartic/core/aligned.hpp"
#include "quartic/core/error.hpp"
#include "quartic/core/suggest.hpp"
#include "quartic/field/features.hpp"

namespace quartic {
namespace {

constexpr int lanes = 64;

/// Calls f(block, first sample, count) for blocks of up to 64 configurations, a lane being one;
/// lanes beyond `count` repeat the last.
template <class F>
void for_each_block(StoredFields fields, int threads, F&& f) {
  const std::size_t samples = fields.samples();
  const auto sites = static_cast<std::size_t>(fields.sites);
  const int used = threads_or_all(threads);
  std::vector<AlignedVector<float>> blocks(used);  // each made by its thread
  in_parallel(static_cast<int>((samples + lanes - 1) / lanes), used, [&](int index, int thread) {
    auto& block = blocks[thread];
    block.resize(sites * lanes);
    const std::size_t first = static_cast<std::size_t>(index) * lanes;
    const int count = static_cast<int>(std::min<std::size_t>(lanes, samples - first));
    for (int lane = 0; lane < lanes; ++lane) {
      const float* from = fields.phi.data() + (first + std::min(lane, count - 1)) * sites;
      for (std::size_t i = 0; i < sites; ++i) block[i * lanes + lane] = from[i];
    }
    f(FieldBlock<const float>{block.data(), fields.sites, lanes}, first, count);
  });
}

/// One number a configuration: evaluate(block, out[lanes]).
template <class Evaluate>
std::vector<double> collect(StoredFields fields, int threads, Evaluate&& evaluate) {
  std::vector<double> out(fields.samples());
  for_each_block(fields, threads, [&](auto block, std::size_t first, int count) {
    std::array<double, lanes> values;
    evaluate(block, std::span<double>(values));
    std::copy_n(values.begin(), count, out.begin() + static_cast<std::ptrdiff_t>(first));
  });
  return out;
}

std::vector<double> collect(const Term& term, StoredFields fields, int threads) {
  if (term.function() != nullptr) return evaluate_function(*term.function(), fields);
  return collect(fields, threads, [&](auto block, auto out) { term.evaluate(block, out); });
}

struct Moment {
  std::string_view name;
  double (*value)(double m);
};
constexpr Moment moments[] = {
    {"m", [](double m) { return m; }},
    {"abs_m", [](double m) { return std::abs(m); }},
    {"m2", [](double m) { return m * m; }},
    {"m4", [](double m) { return m * m * m * m; }},
};

[[noreturn]] void refuse(const std::string& name) {
  std::vector<std::string_view> known;
  for (const auto& moment : moments) known.push_back(moment.name);
  for (const auto term : term_names())
    if (term != "pairs" && term != "function") known.push_back(term);
  throw BadInput(fmt::format("unknown observable '{}'", name), suggestion(name, known));
}

}  // namespace

std::vector<double> evaluate_function(const FieldFunction& function, StoredFields fields) {
  constexpr std::size_t max_values = 1 << 17;
  const std::size_t sites = fields.sites, samples = fields.samples();
  const std::size_t together = std::clamp<std::size_t>(max_values / sites, 1, samples);
  std::vector<double> out(samples);
  AlignedVector<double> block;
  for (std::size_t first = 0; first < samples; first += together) {
    const std::size_t count = std::min(together, samples - first);
    block.resize(sites * count);
    for (std::size_t n = 0; n < count; ++n)
      for (std::size_t i = 0; i < sites; ++i)
        block[i * count + n] = fields.phi[(first + n) * sites + i];
    function({block.data(), fields.sites, static_cast<int>(count)},
             std::span(out).subspan(first, count));
  }
  return out;
}

std::vector<double> evaluate_action(const Action& action, StoredFields fields, int threads) {
  return collect(fields, threads,
                 [&](auto block, auto out) { evaluate_action(action, block, out); });
}

std::vector<std::vector<double>> evaluate_terms(const Target& terms, StoredFields fields,
                                                int threads) {
  std::vector<std::vector<double>> out;
  for (int k = 0; k < terms.size(); ++k) out.push_back(collect(terms.term(k), fields, threads));
  return out;
}

std::vector<std::vector<double>> evaluate_observables(const std::vector<std::string>& names,
                                                      const Graph& graph, StoredFields fields,
                                                      int threads) {
  std::vector<std::vector<double>> out;
  for (const auto& name : names) {
    const auto* moment = std::find_if(std::begin(moments), std::end(moments),
                                      [&](const Moment& known) { return known.name == name; });
    const bool is_moment = moment != std::end(moments);
    const auto terms = term_names();
    if (!is_moment && (name == "pairs" || name == "function" ||
                       std::find(terms.begin(), terms.end(), name) == terms.end()))
      refuse(name);
    TermSpec spec;
    spec.name = is_moment ? "phi" : name;
    auto values = collect(*make_term(spec, graph), fields, threads);
    for (double& x : values) {
      x /= graph.sites();
      if (is_moment) x = moment->value(x);
    }
    out.push_back(std::move(values));
  }
  return out;
}

}  // namespace quartic
