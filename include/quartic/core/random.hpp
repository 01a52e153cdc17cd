// Random streams: one xoshiro128++ per chain, seeded by Philox keyed by seed, stream and chain.
#pragma once

#include <array>
#include <cstdint>

namespace quartic {

/// What a stream of random numbers is for. Streams of different purpose never overlap.
enum class Stream : std::uint32_t {
  fields = 0,
  start = 1,
  annealing = 2,
  pilot = 3,
  certificate = 4,
  check = 5,
  sample = 6,       ///< `quartic sample`
  reverse = 7,      ///< annealing from the full action back to the uncoupled one
  integration = 8,  ///< thermodynamic integration
  exchange = 9,     ///< parallel tempering: which neighbours exchange
  global = 10,      ///< proposals of Gaussian moves
  held_out = 20,    ///< which rows of data are held out
  jitter = 30,      ///< Gaussian noise on rows of data
  batch = 31,       ///< rows of a mini-batch
  generate = 32     ///< fields drawn from a learned model
};

/// The four words of a xoshiro128++ state (Blackman & Vigna, 2019) for one chain: the output of
/// Philox4x32-10 (Salmon et al., 2011) with key `seed` and counter (chain, stream).
std::array<std::uint32_t, 4> seed_stream(std::uint64_t seed, Stream stream, std::uint64_t chain);

/// A stream of its own for one purpose, split off a stream whose words are given: Philox4x32-10
/// with the words as the counter, keyed by the purpose.
std::array<std::uint32_t, 4> split_stream(const std::array<std::uint32_t, 4>& words,
                                          std::uint32_t purpose);

/// One stream as a scalar generator (a UniformRandomBitGenerator), for starts, references and
/// tests.
class RandomStream {
 public:
  using result_type = std::uint32_t;
  RandomStream(std::uint64_t seed, Stream stream, std::uint64_t chain)
      : state_(seed_stream(seed, stream, chain)) {}
  /// Continues a stream.
  explicit RandomStream(const std::array<std::uint32_t, 4>& state) : state_(state) {}
  const std::array<std::uint32_t, 4>& state() const { return state_; }
  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return 0xFFFFFFFFu; }
  result_type operator()();
  double uniform();  ///< in [0, 1), 53 bits
  double normal();   ///< standard Gaussian, Box-Muller

 private:
  std::array<std::uint32_t, 4> state_;
};

}  // namespace quartic
