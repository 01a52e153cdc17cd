#include "quartic/learn/jittered_source.hpp"

#include "quartic/core/error.hpp"
#include "quartic/core/random.hpp"

namespace quartic {

JitteredSource::JitteredSource(const DataSource& source, double noise, std::size_t copies,
                               std::uint64_t seed)
    : source_(source), noise_(noise), copies_(copies), seed_(seed) {
  if (!(noise >= 0) || copies == 0)
    throw BadInput("jitter: the noise must not be negative, and the copies at least one");
}

void JitteredSource::read(std::span<const std::size_t> rows, std::span<float> out) const {
  const std::size_t width = columns();
  std::vector<std::size_t> wanted;
  for (const std::size_t row : rows)
    if (wanted.empty() || wanted.back() != row / copies_) wanted.push_back(row / copies_);
  std::vector<float> values(wanted.size() * width);
  source_.read(wanted, values);
  std::size_t at = 0;
  for (std::size_t n = 0; n < rows.size(); ++n) {
    if (wanted[at] != rows[n] / copies_) ++at;
    RandomStream random(seed_, Stream::jitter, rows[n]);
    for (std::size_t i = 0; i < width; ++i)
      out[n * width + i] = static_cast<float>(values[at * width + i] + noise_ * random.normal());
  }
}

}  // namespace quartic
