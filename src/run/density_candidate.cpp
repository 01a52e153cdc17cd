#include "run/density_candidate.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "quartic/core/error.hpp"
#include "quartic/core/linear_algebra.hpp"
#include "quartic/network/path.hpp"

namespace quartic::race {
namespace {

constexpr double allowed_errors = 2;  // behind the best, before a candidate is dropped

double mean_or_lowest(const std::vector<double>& scores) {
  const double mean = mean_of(scores).value;
  return std::isfinite(mean) ? mean : -std::numeric_limits<double>::infinity();
}

}  // namespace

std::vector<OtherSplits> other_splits(const std::vector<Split>& splits, std::size_t columns) {
  std::vector<OtherSplits> out;
  if (splits.size() < 2) return out;
  std::ptrdiff_t begin = 0;
  for (const Split& split : splits) {
    const auto end = begin + static_cast<std::ptrdiff_t>(split.held_out.size() / columns);
    out.push_back({begin, end});
    begin = end;
  }
  return out;
}

void Candidate::take(std::vector<double> scores, const std::vector<OtherSplits>& others) {
  const double mean = mean_or_lowest(scores);
  record.held_out.push_back(mean);
  if (alone.empty()) alone = scores, by_others.assign(others.size(), scores);
  for (std::size_t k = 0; k < others.size(); ++k)
    if (mean_or_lowest(others[k].of(scores)) > mean_or_lowest(others[k].of(by_others[k])))
      by_others[k] = scores;
  if (!at_best.empty() && !(mean > record.held_out[record.best])) return;
  record.best = static_cast<int>(record.held_out.size()) - 1;
  at_best = std::move(scores);
}

const Candidate& leader(const std::vector<Candidate>& all) {
  return *std::max_element(all.begin(), all.end(), [](const Candidate& x, const Candidate& y) {
    return x.best() < y.best();
  });
}

void drop_those_behind(std::vector<Candidate>& all) {
  const Candidate& first = leader(all);
  for (Candidate& one : all) {
    if (&one == &first || one.ended) continue;
    std::vector<double> behind = first.at_best;
    for (std::size_t k = 0; k < behind.size(); ++k) behind[k] -= one.at_best[k];
    const Estimate gap = mean_of(behind);
    if (gap.value > allowed_errors * gap.error) one.record.dropped = true, one.end();
  }
}

int patience_at(int round, int least) {
  return std::max(least, round / 3);
}

bool stalled(const Candidate& one, int round, int least) {
  const double worth_waiting = std::max(0.005, 0.01 * mean_of(one.at_best).error);  // nats a row
  const int patience = patience_at(round, least);
  if (round < patience) return false;
  const auto& curve = one.record.held_out;
  const double before = *std::max_element(curve.begin(), curve.begin() + (round - patience + 1));
  return one.best() < before + worth_waiting;
}

bool rises_at_bound(const Candidate& one, int patience) {
  const auto& curve = one.record.held_out;
  const int raced = static_cast<int>(curve.size()) - 1;
  if (10 * one.record.best > 9 * raced) return true;
  if (raced >= patience || one.converged()) return false;
  return raced == 1 || curve.back() > curve[curve.size() - 2];
}

Estimate mean_of_splits(const std::vector<double>& scores, std::size_t splits) {
  Estimate out = mean_of(scores);
  out.error *= std::sqrt(1 + static_cast<double>(splits) * .15 / .85);
  return out;
}

Choice choose(const std::vector<std::vector<double>>& best,
              const std::vector<std::vector<double>>& alone) {
  const auto largest = [](const std::vector<std::vector<double>>& all) {
    return std::max_element(all.begin(), all.end(), [](const auto& x, const auto& y) {
      return mean_or_lowest(x) < mean_or_lowest(y);
    });
  };
  const auto first = largest(best), simple = largest(alone);
  std::vector<double> gain = *first;
  for (std::size_t k = 0; k < gain.size(); ++k) gain[k] -= (*simple)[k];
  const Estimate more = mean_of(gain);
  if (more.value > more.error) return {static_cast<std::size_t>(first - best.begin()), false};
  return {static_cast<std::size_t>(simple - alone.begin()), true};
}

std::vector<double> unchosen_scores(const std::vector<Candidate>& all,
                                    const std::vector<OtherSplits>& others) {
  std::vector<double> out;
  for (std::size_t k = 0; k < others.size(); ++k) {
    std::vector<std::vector<double>> best, alone;
    for (const Candidate& one : all) {
      best.push_back(others[k].of(one.by_others[k]));
      alone.push_back(others[k].of(one.alone));
    }
    const Choice by_others = choose(best, alone);
    const Candidate& one = all[by_others.candidate];
    const auto& scores = by_others.alone ? one.alone : one.by_others[k];
    out.insert(out.end(), scores.begin() + others[k].begin, scores.begin() + others[k].end);
  }
  return out;
}

std::vector<Candidate> candidates_of(const DensityOptions& o, const std::vector<Split>& splits,
                                     const std::vector<OtherSplits>& others, std::size_t columns,
                                     std::uint64_t seed, std::vector<std::string>& remarks) {
  std::vector<Candidate> out;
  std::string left_out, why;
  for (const ScalingMethod scaling : o.scalings) {
    try {
      Candidate one;
      one.record.scaling = scaling;
      std::vector<std::vector<double>> alone[2];
      for (const Split& split : splits) {
        const Trial& trial = one.trials.emplace_back(scaling, split, columns, o, 1, seed);
        for (const bool own : {false, true}) alone[own].push_back(trial.alone(own));
      }
      const auto shrunk = joined(alone[0]), of_rows = joined(alone[1]);
      one.own = mean_of(of_rows).value > mean_of(shrunk).value;
      one.take(one.own ? of_rows : shrunk, others);
      if (!std::all_of(one.trials.begin(), one.trials.end(), [](auto& t) { return t.learns(); }))
        one.end();
      out.push_back(std::move(one));
    } catch (const BadInput& error) {
      if (scaling == o.scalings.back() && out.empty()) throw;
      left_out += fmt::format("{}{}", left_out.empty() ? "" : " and ", name(scaling));
      why = fmt::format("{}; {}", error.what(), error.hint());
    }
  }
  if (!left_out.empty()) remarks.push_back(fmt::format("{} left out: {}", left_out, why));
  return out;
}

}  // namespace quartic::race
