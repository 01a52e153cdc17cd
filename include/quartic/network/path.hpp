// The models between independent units and a network, along which annealing and tempering go.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "quartic/network/network.hpp"

namespace quartic {

/// Straight lines of actions from knot to knot. The first knot, the base, has independent units (w
/// = 0), so that its normaliser and its draws are exact; the last is the network. Two knots are the
/// line of temperatures, S_t = (1 - t) S_base + t S_network. Snapshots of a training between them
/// are a trajectory: models learn their modes one after another, so that neighbours on it overlap
/// where a line of temperatures passes a first-order transition (Bereux, Decelle, Furtlehner,
/// Rosset, Seoane, arXiv:2405.15376). Every model on a path is normalisable if the knots are, by
/// Hoelder's inequality.
class NetworkPath {
 public:
  using Knot = std::shared_ptr<const Network>;

  NetworkPath(const Network& base, const Network& network);
  /// Throws BadInput for fewer than two knots, different units, a coupled base, or a knot that is
  /// not normalisable.
  explicit NetworkPath(std::vector<Knot> knots);

  std::span<const Knot> knots() const { return knots_; }
  const Network& base() const { return *knots_.front(); }
  const Network& network() const { return *knots_.back(); }
  int segments() const { return static_cast<int>(knots_.size()) - 1; }

  /// Where t in [0, 1] lies: knot k at t = k / segments().
  struct Place {
    int segment;
    double fraction;  ///< in [0, 1]; 1 only at the end
  };
  Place place(double t) const;
  /// The model at t. O(visible hidden).
  Network at(double t) const;

 private:
  std::vector<Knot> knots_;
};

/// ln Z of independent units, exact.
double uncoupled_log_z(const Network& base);

}  // namespace quartic
