// How couplings are learned from data: KL(q||p).
#pragma once

#include <cstddef>
#include <optional>

#include "quartic/core/words.hpp"
#include "quartic/learn/data_moments.hpp"
#include "quartic/learn/local_fit.hpp"

namespace quartic {

/// All climb ln p(data; theta) per row, which is concave: its gradient is g = <f>_p - <f>_data, its
/// Hessian -C, C = Cov_p(f, f).
enum class LikelihoodOptimiser {
  automatic,  ///< newton, or adam where its matrix would be too large (dense_limit)
  /// theta <- theta + eta C^-1 g, which is the natural gradient too, within a trust region: no step
  /// changes the model by more than a radius of KL, at first half a nat a site. As ln p is concave,
  /// its slope at the end of a step says whether that was too long: then it is taken back, and the
  /// radius shrinks. Sweeps between draws grow until chains forget within an epoch; once only noise
  /// is left the epochs are averaged, with more and more draws.
  newton,
  /// Adam (Kingma & Ba, arXiv:1412.6980) on theta_k in units of 1 / sqrt(C_kk): a rate of 0.05
  /// moves every coupling by about 0.05 standard deviations of its f_k an epoch.
  adam,
  /// theta <- theta + eta g: Bachtis, Aarts & Lucini, Phys. Rev. D 103, 074510
  gradient
};
template <>
inline constexpr auto words_of<LikelihoodOptimiser> = word_list("auto", "newton", "adam",
                                                                "gradient");

/// Where the couplings start.
enum class LikelihoodStart {
  /// score_matching, one pass over the data and exact with noise, where its likelihood is higher
  /// than that of `gaussian`, which a concave function's slopes at both tell; else that
  automatic,
  given,              ///< the action as given
  independent,        ///< uncoupled Gaussian sites with the data's mean and variance
  gaussian,           ///< the Gaussian field of largest likelihood: b at its bound
  score_matching,     ///< learn/score_matching.hpp
  pseudo_likelihood,  ///< learn/pseudo_likelihood.hpp, itself from score matching
};
template <>
inline constexpr auto words_of<LikelihoodStart> = word_list("auto", "given", "independent",
                                                            "gaussian", "score_matching",
                                                            "pseudo_likelihood");

struct LikelihoodOptions {
  LikelihoodOptimiser optimiser = LikelihoodOptimiser::automatic;
  LikelihoodStart start = LikelihoodStart::automatic;
  std::optional<double> rate;  ///< eta; default: newton 1, adam 0.05, gradient 0.04
  double rate_decay = 0;       ///< > 0: eta / (1 + epoch / rate_decay), adam and gradient
  int epochs = 100;            ///< at most
  int draws = 8;               ///< configurations a chain and epoch, before they grow
  int sweeps = 4;              ///< sweeps between draws; newton takes more where chains are slow
  int max_sweeps = 1024;       ///< newton, between draws
  int warm_up = 200;           ///< sweeps before the first epoch
  /// Newton: wanted variance of the couplings by Monte Carlo over that by the data being finite.
  /// Draws grow up to fourfold an epoch, and epochs are averaged, until it is met.
  double noise_share = 0.1;
  int max_draws = 4096;    ///< a chain and epoch
  std::size_t batch = 0;   ///< rows a gradient is made of (adam, gradient); 0: all
  Restraint restraint;     ///< bounds of b, weight decay, ridge
  bool stop_early = true;  ///< stop when the couplings stop moving beyond their error
  int patience = 3;        ///< epochs without movement (adam, gradient)
  /// > 0: stop once the held-out likelihood has been below its best, beyond error, for so many
  /// epochs; the couplings of the best epoch come back.
  int held_out_patience = 0;
  /// Whether the persistent chains begin at rows of the data, needed where the model has many
  /// modes (images). Empty: yes, unless the start is given.
  std::optional<bool> chains_at_data;
  int dense_limit =
      3000;       ///< most parameters for newton, and for errors by the whole Fisher matrix
  DataPass pass;  ///< noise, threads, memory
};

}  // namespace quartic
