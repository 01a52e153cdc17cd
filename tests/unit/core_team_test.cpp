// Sums that no order changes, and errors that all ranks share.
#include <gtest/gtest.h>

#include <algorithm>
#include <barrier>
#include <cmath>
#include <numeric>
#include <optional>
#include <random>
#include <thread>
#include <vector>

#include "core/exact_sum.hpp"
#include "quartic/core/error.hpp"
#include "quartic/core/team.hpp"

namespace quartic {
namespace {

/// Ranks that are threads of this process.
class Threads {
 public:
  explicit Threads(int size) : size_(size), meet_(size), places_(size) {}

  /// f(team) on every rank.
  template <class F>
  void run(F&& f) {
    std::vector<std::thread> threads;
    for (int rank = 0; rank < size_; ++rank)
      threads.emplace_back([&, rank] {
        const Rank team(*this, rank);
        f(team);
      });
    for (auto& thread : threads) thread.join();
  }

 private:
  class Rank : public Team {
   public:
    Rank(Threads& all, int rank) : all_(all), rank_(rank) {}
    int rank() const override { return rank_; }
    int size() const override { return all_.size_; }
    void gather(std::span<const std::byte> mine, std::span<std::byte> all,
                std::span<const std::size_t> sizes, bool everywhere) const override {
      together(mine, [&] {
        std::size_t at = 0;
        for (int k = 0; k < size(); at += sizes[k++])
          if (everywhere || root()) std::copy_n(all_.places_[k].begin(), sizes[k], &all[at]);
      });
    }
    void broadcast(std::span<std::byte> data, int from) const override {
      together(data, [&] {
        if (from != rank_) std::copy_n(all_.places_[from].begin(), data.size(), data.begin());
      });
    }
    void max(std::span<double> values) const override {
      reduce(values, [](double x, double y) { return std::max(x, y); });
    }
    void add_counts(std::span<double> values) const override {
      reduce(values, [](double x, double y) { return x + y; });
    }

   private:
    template <class F>
    void together(std::span<const std::byte> mine, F&& f) const {
      all_.places_[rank_] = mine;
      all_.meet_.arrive_and_wait();
      f();
      all_.meet_.arrive_and_wait();
    }
    template <class Op>
    void reduce(std::span<double> values, Op&& op) const {
      const std::vector<double> own(values.begin(), values.end());
      std::vector<double> result(own);
      together(std::as_bytes(std::span(own)), [&] {
        for (int k = 0; k < size(); ++k) {
          const auto* other = reinterpret_cast<const double*>(all_.places_[k].data());
          for (std::size_t n = 0; n < result.size() && k != rank_; ++n)
            result[n] = op(result[n], other[n]);
        }
      });
      std::copy(result.begin(), result.end(), values.begin());
    }

    Threads& all_;
    int rank_;
  };

  int size_;
  std::barrier<> meet_;
  std::vector<std::span<const std::byte>> places_;
};

std::vector<double> wild_numbers(std::size_t count) {
  std::mt19937 random(5);
  std::normal_distribution<double> normal;
  std::vector<double> out;
  for (std::size_t n = 0; n < count; ++n)
    out.push_back(normal(random) * std::exp(20 * normal(random)));
  return out;
}

double sum(const Team& team, std::span<const double> x) {
  return exact_sum(team, x, [](double v) { return v; });
}

TEST(ExactSum, NoOrderChangesABit) {
  auto x = wild_numbers(4000);
  const double first = sum(alone(), x);
  std::mt19937 random(1);
  for (int k = 0; k < 20; ++k) {
    std::shuffle(x.begin(), x.end(), random);
    EXPECT_EQ(sum(alone(), x), first);
  }
}

TEST(ExactSum, IsTheSum) {
  const auto x = wild_numbers(4000);
  long double expected = 0;
  for (const double v : x) expected += v;
  EXPECT_NEAR(sum(alone(), x), static_cast<double>(expected), 1e-15 * std::abs(expected));
  // What float64 loses in order: 1 + 2^-60 ... - 1.
  std::vector<double> small{1};
  small.insert(small.end(), 1024, std::ldexp(1.0, -60));
  small.push_back(-1);
  EXPECT_EQ(sum(alone(), small), std::ldexp(1.0, -50));
}

TEST(ExactSum, OfNothingOfZerosAndOfWhatIsNotFinite) {
  EXPECT_EQ(sum(alone(), {}), 0);
  EXPECT_EQ(sum(alone(), std::vector<double>(7)), 0);
  EXPECT_TRUE(std::isnan(sum(alone(), std::vector<double>{1, INFINITY})));
  EXPECT_TRUE(std::isnan(sum(alone(), std::vector<double>{1, NAN, 2})));
  EXPECT_EQ(sum(alone(), std::vector<double>{1e300, 2e300}), 3e300);
  EXPECT_EQ(sum(alone(), std::vector<double>{1e-300, 2e-300}), 3e-300);
}

TEST(ExactSum, RanksAgreeHoweverTheyShare) {
  const auto x = wild_numbers(1001);
  const double expected = sum(alone(), x);
  for (const int ranks : {2, 3, 5})
    Threads(ranks).run([&](const Team& team) {
      const Shares shares{x.size(), ranks};
      const auto own = std::span(x).subspan(shares.begin(team.rank()), shares.size(team.rank()));
      EXPECT_EQ(sum(team, own), expected);
    });
}

TEST(Team, GathersWhatIsSharedUnevenly) {
  std::vector<int> x(21);
  std::iota(x.begin(), x.end(), 0);
  Threads(4).run([&](const Team& team) {
    const Shares shares{7, 4};
    const auto own = std::span<const int>(x).subspan(3 * shares.begin(team.rank()),
                                                     3 * shares.size(team.rank()));
    std::vector<int> all(x.size(), -1);
    gather(team, shares, own, std::span<int>(all), 3, true);
    EXPECT_EQ(all, x);
    // Two rows of the same, of which only one's own columns are there.
    std::vector<int> rows(2 * x.size(), -1);
    for (std::size_t row = 0; row < 2; ++row)
      std::copy(own.begin(), own.end(),
                rows.begin() + row * x.size() + 3 * shares.begin(team.rank()));
    share_columns(team, shares, rows.data(), 2, x.size(), 3, x.size());
    EXPECT_TRUE(std::equal(x.begin(), x.end(), rows.begin()));
    EXPECT_TRUE(std::equal(x.begin(), x.end(), rows.begin() + 21));
  });
}

TEST(Team, AnErrorOfOneIsThatOfAll) {
  Threads(3).run([&](const Team& team) {
    try {
      together(team, [&] {
        if (team.rank() > 0)
          throw Diverged("step " + std::to_string(team.rank()) + " is not finite", "a hint");
      });
      ADD_FAILURE();
    } catch (const Diverged& error) {
      EXPECT_STREQ(error.what(), "rank 1: step 1 is not finite");
      EXPECT_EQ(error.hint(), "a hint");
    }
    EXPECT_THROW(on_root(team, [] { throw BadInput("no"); }), BadInput);
    EXPECT_EQ(decided<int>(team, [&] { return 7 + team.rank(); }), 7);
    EXPECT_TRUE(same_everywhere(team, "one"));
    EXPECT_FALSE(same_everywhere(team, std::to_string(team.rank())));
  });
}

}  // namespace
}  // namespace quartic
