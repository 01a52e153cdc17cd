#include "quartic/field/mean_field.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/parallel.hpp"
#include "quartic/core/quartic_density.hpp"
#include "quartic/core/random.hpp"
#include "quartic/core/stop.hpp"
#include "quartic/field/action_path.hpp"
#include "quartic/field/hidden_sites.hpp"
#include "quartic/graph/structure.hpp"

namespace quartic {
namespace {

constexpr double tolerance = 1e-5;  // of a site's <phi^2>^(1/2), of the descent
constexpr double alike = 0.05;      // of the same, between minima
constexpr double no_order = 1e-3;
constexpr std::size_t scalar_sites = 12;  // from here on the vector kernel is faster

using Means = std::vector<double>;

/// Descent of the bound, one colour of the graph after the other: its sites do not feel each other,
/// so that each step is the exact minimum over them.
class Descent {
 public:
  explicit Descent(const Action& action)
      : action_(action), sites_(action.graph->sites()), width_(sites_), moments_(sites_) {
    const Colouring colouring = colour(*action.graph);
    colours_.resize(colouring.colours);
    for (int i = 0; i < sites_; ++i) colours_[colouring.colour[i]].push_back(i);
    std::vector<double> j(sites_, 0.0);
    evaluate(all(), j);
    for (int i = 0; i < sites_; ++i) width_[i] = std::sqrt(moments_[i].second);
  }

  const Means& width() const { return width_; }
  std::vector<int> all() const {
    std::vector<int> sites(sites_);
    std::iota(sites.begin(), sites.end(), 0);
    return sites;
  }

  Means uncoupled_means() {
    std::vector<double> j(sites_);
    for (int i = 0; i < sites_; ++i) j[i] = -action_.r[i];
    evaluate(all(), j);
    Means means(sites_);
    for (int i = 0; i < sites_; ++i) means[i] = moments_[i].mean;
    return means;
  }

  struct End {
    Means mean;
    bool at_rest;
  };
  /// To the minimum below `mean`, or as far as the rounds go. `last`: a site that
  /// waits for the others in the first round, or a polarised one would forget before they felt it.
  End go(Means mean, int rounds, int last = -1) {
    std::vector<double> j;
    std::vector<int> rest;
    for (int round = 0; round < rounds; ++round) {
      heed_stop();
      double change = 0;
      const auto update = [&](const std::vector<int>& sites) {
        j.resize(sites.size());
        for (std::size_t k = 0; k < sites.size(); ++k) j[k] = action_.local_field(sites[k], mean);
        evaluate(sites, j);
        for (const int i : sites) {
          const double scale = std::max(width_[i], std::abs(mean[i]));
          change = std::max(change, std::abs(moments_[i].mean - mean[i]) / scale);
          mean[i] = moments_[i].mean;
        }
      };
      for (const auto& sites : colours_) {
        rest = sites;
        if (round == 0) std::erase(rest, last);
        update(rest);
      }
      if (round == 0 && last >= 0) update({last});
      if (change < tolerance) return {std::move(mean), true};
    }
    return {std::move(mean), false};
  }

  MeanField minimum(Means mean) {
    MeanField out{std::move(mean), uncoupled(action_), 0};
    std::vector<double> j(sites_);
    for (int i = 0; i < sites_; ++i) out.action.r[i] = -(j[i] = action_.local_field(i, out.mean));
    evaluate(all(), j);
    for (int i = 0; i < sites_; ++i) out.bound -= moments_[i].log_normaliser;
    const auto edges = action_.graph->edges();
    for (std::size_t e = 0; e < edges.size(); ++e)
      out.bound += action_.w[e] * out.mean[edges[e].first] * out.mean[edges[e].second];
    return out;
  }

  bool same(const Means& x, const Means& y, double sign = 1) const {
    for (int i = 0; i < sites_; ++i)
      if (std::abs(x[i] - sign * y[i]) > alike * std::max(width_[i], std::abs(x[i]))) return false;
    return true;
  }

 private:
  /// Moments of `sites` in the fields j. Neighbours in the list that are alike, as in a homogeneous
  /// theory, are evaluated once.
  void evaluate(const std::vector<int>& sites, const std::vector<double>& j) {
    key_.clear(), a_.clear(), b_.clear(), j_.clear();
    if (!sites.empty() && action_.graph->is_hidden(sites.back())) return by_site(sites, j);
    for (std::size_t k = 0; k < sites.size(); ++k) {
      const double a = action_.a[sites[k]], b = action_.b[sites[k]];
      if (a_.empty() || a != a_.back() || b != b_.back() || j[k] != j_.back())
        a_.push_back(a), b_.push_back(b), j_.push_back(j[k]);
      key_.push_back(a_.size() - 1);
    }
    values_.resize(a_.size());
    if (a_.size() < scalar_sites) {
      for (std::size_t k = 0; k < a_.size(); ++k) values_[k] = quartic_moments(a_[k], b_[k], j_[k]);
    } else {
      std::vector<double> log(a_.size()), mean(a_.size()), second(a_.size());
      quartic_moments(a_, b_, j_, log, mean, second, {});
      for (std::size_t k = 0; k < a_.size(); ++k) values_[k] = {log[k], mean[k], second[k], 0};
    }
    for (std::size_t k = 0; k < sites.size(); ++k) moments_[sites[k]] = values_[key_[k]];
  }
  void by_site(const std::vector<int>& sites, const std::vector<double>& j) {
    for (std::size_t k = 0; k < sites.size(); ++k)
      moments_[sites[k]] = site_moments(action_, sites[k], j[k]);
  }

  const Action& action_;
  int sites_;
  std::vector<std::vector<int>> colours_;
  Means width_;
  std::vector<QuarticMoments> moments_;  // of the last evaluation, by site
  std::vector<std::size_t> key_;
  std::vector<double> a_, b_, j_;
  std::vector<QuarticMoments> values_;
};

/// Signs that every bond of a spanning forest likes, strongest site first.
std::vector<double> aligned(const Action& action, const std::vector<int>& strongest_first) {
  const Graph& graph = *action.graph;
  std::vector<double> sign(graph.sites(), 0.0);
  std::vector<int> queue;
  for (const int root : strongest_first) {
    if (sign[root] != 0) continue;
    sign[root] = 1, queue.assign(1, root);
    for (std::size_t k = 0; k < queue.size(); ++k)
      for (const auto& n : graph.neighbours(queue[k])) {
        if (sign[n.site] != 0 || action.w[n.edge] == 0) continue;
        sign[n.site] = action.w[n.edge] > 0 ? sign[queue[k]] : -sign[queue[k]];
        queue.push_back(n.site);
      }
  }
  return sign;
}

/// Sites by the field that they have on their neighbours.
std::vector<int> by_strength(const Action& action, const Means& width, std::vector<int> sites) {
  std::vector<double> strength(sites.size());
  for (const int i : sites)
    for (const auto& n : action.graph->neighbours(i))
      strength[i] += std::abs(action.w[n.edge]) * width[i] * width[n.site];
  std::stable_sort(sites.begin(), sites.end(),
                   [&](int x, int y) { return strength[x] > strength[y]; });
  return sites;
}

/// Whether all sites are alike: the same couplings everywhere, or at every site the same sum of
/// bonds that all align. What order there is follows the bonds then.
bool homogeneous(const Action& action) {
  const auto all = [](const std::vector<double>& values) {
    return std::all_of(values.begin(), values.end(), [&](double x) { return x == values[0]; });
  };
  if (!all(action.r) || !all(action.a) || !all(action.b)) return false;
  if (all(action.w)) return true;
  if (std::any_of(action.w.begin(), action.w.end(), [](double w) { return w < 0; })) return false;
  const std::vector<double> one(action.graph->sites(), 1.0);
  std::vector<double> sum;
  for (int i = 0; i < action.graph->sites(); ++i) sum.push_back(action.local_field(i, one));
  const double rounding = 1e-12 * std::abs(sum[0]);
  return std::all_of(sum.begin(), sum.end(),
                     [&](double x) { return std::abs(x - sum[0]) <= rounding; });
}

/// What a graph of this size, and with so much variety, deserves.
struct Effort {
  bool alike;  ///< sites stay so, and are evaluated once
  int rounds, random_starts, turned;
  bool polarised;
  Effort(int sites, bool all_alike)
      : alike(all_alike),
        rounds(std::clamp(500'000 / std::max(sites, 1), 10, 200)),
        random_starts(sites <= 256 && !alike ? 6 : 0),
        turned(sites <= 256 && !alike ? 16 : 0),
        polarised(sites <= 1024 && !alike) {}
};

class Search {
 public:
  Search(const Action& action, int threads)
      : action_(action),
        effort_(action.graph->sites(), homogeneous(action)),
        descents_(effort_.alike ? 1 : threads_or_all(threads), Descent(action)),
        strongest_(by_strength(action, descent().width(), descent().all())) {}

  std::vector<MeanField> run() {
    std::vector<Start> starts{{descent().uncoupled_means()}};
    const auto sign = aligned(action_, strongest_);
    for (const double s : {1.0, -1.0}) {
      starts.push_back({scaled(sign, s)});
      if (!effort_.polarised) continue;
      Means polarised(sign.size(), 0.0);
      polarised[strongest_[0]] = s * descent().width()[strongest_[0]];
      starts.push_back({std::move(polarised), strongest_[0]});
    }
    RandomStream random(1, Stream::pilot, 0);
    for (int k = 0; k < effort_.random_starts; ++k) {
      std::vector<double> signs(sign.size());
      for (double& s : signs) s = random.uniform() < 0.5 ? -1 : 1;
      starts.push_back({scaled(signs, 1)});
    }
    from(std::move(starts));
    // What turns up on the way is turned itself, as long as anything new does.
    for (std::size_t k = 0; k < found_.size() && k < 8; ++k) {
      starts.clear();
      for (int n = 0; n < std::min<int>(effort_.turned, std::ssize(strongest_)); ++n) {
        starts.push_back({found_[k].mean, strongest_[n]});
        starts.back().mean[strongest_[n]] *= -1;
      }
      from(std::move(starts));
    }
    std::stable_sort(found_.begin(), found_.end(),
                     [](const auto& x, const auto& y) { return x.bound < y.bound; });
    return std::move(found_);
  }

 private:
  Means scaled(const std::vector<double>& signs, double by) const {
    Means out(signs.size());
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = by * signs[i] * descent().width()[i];
    return out;
  }

  struct Start {
    Means mean;
    int last = -1;  ///< as in Descent::go
  };

  /// Descents are of their own, so that threads share them; what is new is told in order.
  void from(std::vector<Start> starts) {
    constexpr std::size_t most = 64;
    if (found_.size() >= most) return;
    std::vector<Descent::End> ends(starts.size());
    in_parallel(
        static_cast<int>(starts.size()), static_cast<int>(descents_.size()),
        [&](int k, int thread) {
          ends[k] = descents_[thread].go(off_the_saddle(std::move(starts[k].mean)), effort_.rounds,
                                         starts[k].last);
        },
        Share::as_free);
    for (auto& [mean, at_rest] : ends) {
      // What still moves is no minimum: a soft mode on its way, as of a nearly massless field.
      if (found_.size() >= most || (!at_rest && !found_.empty())) continue;
      const bool known = std::any_of(
          found_.begin(), found_.end(),
          [&, &mean = mean](const MeanField& other) { return descent().same(mean, other.mean); });
      if (!known) found_.push_back(descent().minimum(std::move(mean)));
    }
  }

  /// Between two wells descent by symmetry would stay.
  Means off_the_saddle(Means start) const {
    RandomStream random(1, Stream::pilot, 1);
    for (std::size_t i = 0; i < start.size(); ++i)
      start[i] += 1e-3 * descents_[0].width()[i] * (effort_.alike ? 0.4 : random.uniform() - 0.5);
    return start;
  }

  Descent& descent() { return descents_[0]; }
  const Descent& descent() const { return descents_[0]; }

  const Action& action_;
  Effort effort_;
  std::vector<Descent> descents_;  ///< one a thread
  std::vector<int> strongest_;
  std::vector<MeanField> found_;
};

}  // namespace

std::vector<MeanField> mean_fields(const Action& action, int most, int threads) {
  if (action.graph->sites() == 0) return {{{}, action, 0}};
  auto found = Search(action, threads).run();
  if (std::ssize(found) > most) found.erase(found.begin() + most, found.end());
  return found;
}

Action mean_field(const Action& action, const std::vector<MeanField>& minima) {
  const MeanField& best = minima.front();
  // Without order what is left of the polarisation is noise of the descent.
  for (std::size_t i = 0; i < best.mean.size(); ++i) {
    const double width = std::sqrt(site_moments(action, static_cast<int>(i), 0).second);
    if (std::abs(best.mean[i]) >= no_order * width) return best.action;
  }
  return uncoupled(action);
}
Action mean_field(const Action& action) {
  return mean_field(action, mean_fields(action, 1));
}

bool one_up_to_sign(const Action& action, const std::vector<MeanField>& minima) {
  if (minima.size() < 2) return true;
  if (minima.size() > 2) return false;
  if (std::any_of(action.r.begin(), action.r.end(), [](double r) { return r != 0; })) return false;
  return Descent(action).same(minima[0].mean, minima[1].mean, -1);
}

}  // namespace quartic
