// Functions of fields that a user brings along.
#pragma once

#include <functional>
#include <span>
#include <string>

#include "quartic/field/field_block.hpp"

namespace quartic {

/// Given phi [site][lane], fills out[lane]. Must be free of side effects. It is called by one
/// thread at a time with as many lanes as are at hand, so that a slow language pays its price
/// seldom.
using FieldFunction = std::function<void(FieldBlock<const double> phi, std::span<double> out)>;

/// What an action is site by site: the density, which sums to the action over all sites, or the
/// derivative by the field there.
enum class SitePart { density, gradient };

/// Given phi [site][lane], fills out[site][lane]; called as a FieldFunction is.
using SiteFunction = std::function<void(FieldBlock<const double> phi, FieldBlock<double> out)>;

/// A target of the user's: its value, and what may be known of it site by site.
struct TargetFunction {
  FieldFunction value;
  SiteFunction densities = {}, gradient = {};
  const SiteFunction& part(SitePart wanted) const {
    return wanted == SitePart::density ? densities : gradient;
  }
};

/// A function with the name that its averages get.
struct NamedFunction {
  std::string name;
  FieldFunction value;
};

/// The function of `blocks` blocks of equal shape, out[block * lanes + lane], put side by side as
/// far as they fit in a megabyte, where caches hold them. O(their values).
template <class T>
void evaluate_function(const FieldFunction& function, int blocks,
                       const std::function<FieldBlock<const T>(int)>& block, std::span<double> out);

}  // namespace quartic
