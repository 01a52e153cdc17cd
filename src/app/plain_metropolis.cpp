#include "app/plain_metropolis.hpp"

#include <chrono>
#include <cmath>
#include <random>
#include <vector>

namespace quartic::app {

PlainRun plain_metropolis(int extent, double limit) {
  using Clock = std::chrono::steady_clock;
  std::mt19937 random(1);
  std::uniform_real_distribution<double> uniform(0, 1);
  const int sites = extent * extent;
  std::vector<double> phi(sites, 0.0), series;
  const auto local = [](double x) { return x * x * (1.52425 + 0.175 * x * x); };
  const auto sweep = [&] {
    for (int y = 0; y < extent; ++y) {
      for (int x = 0; x < extent; ++x) {
        const auto at = [&](int i, int k) {
          return phi[(i + extent) % extent * extent + (k + extent) % extent];
        };
        const double j = at(y, x + 1) + at(y, x - 1) + at(y + 1, x) + at(y - 1, x);
        double& old = phi[y * extent + x];
        const double proposal = old + 2.4 * (uniform(random) - 0.5);
        const double change = local(proposal) - local(old) - j * (proposal - old);
        if (uniform(random) < std::exp(-change)) old = proposal;
      }
    }
  };
  for (int k = 0; k < 200; ++k) sweep();
  const auto start = Clock::now();
  const auto seconds = [&] { return std::chrono::duration<double>(Clock::now() - start).count(); };
  while (seconds() < limit) {
    sweep();
    double m = 0;
    for (const double x : phi) m += x / sites;
    series.push_back(m * m);
  }
  return {series, seconds()};
}

}  // namespace quartic::app
