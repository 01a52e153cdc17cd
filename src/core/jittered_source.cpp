#include "quartic/core/jittered_source.hpp"

#include <fmt/format.h>

#include "quartic/core/error.hpp"
#include "quartic/core/random.hpp"

namespace quartic {

JitteredSource::JitteredSource(const DataSource& source, double noise, std::size_t copies,
                               std::uint64_t seed)
    : source_(source), noise_(noise), copies_(copies), seed_(seed) {
  if (!(noise >= 0) || copies == 0)
    throw BadInput(fmt::format("jitter: {} copies of every row with noise {:g}", copies, noise),
                   "the noise must not be negative, and the copies at least one");
}

void JitteredSource::read(std::span<const std::size_t> rows, std::span<float> out) const {
  const std::size_t width = columns();
  std::vector<std::size_t> wanted;
  for (const std::size_t row : rows) wanted.push_back(row / copies_);
  read_repeated(source_, wanted, out);
  for (std::size_t n = 0; n < rows.size(); ++n) {
    RandomStream random(seed_, Stream::jitter, rows[n]);
    for (std::size_t i = 0; i < width; ++i)
      out[n * width + i] = static_cast<float>(out[n * width + i] + noise_ * random.normal());
  }
}

}  // namespace quartic
