#include "quartic/core/random.hpp"

#include <Random123/philox.h>

#include <bit>
#include <cmath>
#include <numbers>

namespace quartic {
namespace {

std::array<std::uint32_t, 4> philox_state(const r123::Philox4x32::ctr_type& counter,
                                          const r123::Philox4x32::key_type& key) {
  const auto words = r123::Philox4x32()(counter, key);
  std::array<std::uint32_t, 4> state{words[0], words[1], words[2], words[3]};
  // The all-zero state is xoshiro's one fixed point.
  if ((state[0] | state[1] | state[2] | state[3]) == 0) state[0] = 1;
  return state;
}

}  // namespace

std::array<std::uint32_t, 4> seed_stream(std::uint64_t seed, Stream stream, std::uint64_t chain) {
  return philox_state({{static_cast<std::uint32_t>(chain), static_cast<std::uint32_t>(chain >> 32),
                        static_cast<std::uint32_t>(stream), 0}},
                      {{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)}});
}

std::array<std::uint32_t, 4> split_stream(const std::array<std::uint32_t, 4>& words,
                                          std::uint32_t purpose) {
  return philox_state({{words[0], words[1], words[2], words[3]}}, {{purpose, 0x73706C69U}});
}

RandomStream::result_type RandomStream::operator()() {
  auto& s = state_;
  const std::uint32_t result = std::rotl(s[0] + s[3], 7) + s[0];
  const std::uint32_t t = s[1] << 9;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = std::rotl(s[3], 11);
  return result;
}

double RandomStream::uniform() {
  const std::uint64_t high = (*this)() >> 5;
  const std::uint64_t low = (*this)() >> 6;
  return static_cast<double>((high << 26) | low) * 0x1p-53;
}

double RandomStream::normal() {
  const double radius = std::sqrt(-2 * std::log1p(-uniform()));
  return radius * std::cos(2 * std::numbers::pi * uniform());
}

}  // namespace quartic
