// The parts that run files of every kind share: config, provenance, model, posterior, sampler.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "data/hdf5.hpp"
#include "quartic/config/config.hpp"
#include "quartic/core/output_file.hpp"
#include "quartic/field/action.hpp"
#include "quartic/field/draws.hpp"
#include "quartic/mcmc/sampler.hpp"
#include "quartic/runfile/run_file.hpp"

namespace quartic::run_parts {
/// "model/w", "model/w_error".
std::string coupling_path(CouplingKind kind, std::string_view suffix = {});

template <class T>
std::span<const T> view(const std::vector<T>& values) {
  return values;
}

/// A run file that is whole and of a layout that this quartic reads.
class RunReader : public hdf5::Reader {
 public:
  explicit RunReader(const std::filesystem::path& file);
  /// The same, refusing runs of another kind.
  RunReader(const std::filesystem::path& file, RunKind kind);

  RunKind kind() const { return kind_; }
  Config config() const;

 private:
  std::filesystem::path file_name_;
  int layout_;
  RunKind kind_ = RunKind::learn;
};

/// Today's word for one that layout 2 wrote; others as they are.
std::string_view present_word(std::string_view word);
/// A dataset of words, in those of today.
std::vector<std::string> read_words(const hdf5::Reader& in, const std::string& path);

/// The enumerator of a word, whatever layout wrote it.
template <Worded E>
E read_word(const hdf5::Reader& in, const std::string& word) {
  if (const auto value = find_word<E>(word)) return *value;
  if (const auto value = find_word<E>(present_word(word))) return *value;
  in.refuse(fmt::format("'{}' is none of: {}", word, fmt::join(words_of<E>, ", ")));
}

/// Config and provenance.
void write_head(hdf5::Writer& out, RunKind kind, const Config& config, const Provenance& p);
Provenance read_provenance(const hdf5::Reader& in);

/// Graph and couplings.
void write_action(hdf5::Writer& out, const Action& action);
Action read_action(const hdf5::Reader& in);

/// Configurations with their action: posterior, and sample_stats in ArviZ's names.
void write_posterior(hdf5::Writer& out, const Draws& draws);
void write_posterior(hdf5::Writer& out, int chains, int draws, int sites,
                     std::span<const float> phi, std::span<const double> action);
Draws read_posterior(const hdf5::Reader& in, int sites);

/// The sampler's fields, random streams and schedule, in `checkpoint`.
void write_sampler(hdf5::Writer& out, const SamplerState& state, int sites, Precision precision);
SamplerState read_sampler(const hdf5::Reader& in, const SamplerOptions& options, int sites);

/// Calls write(out) for a new file, seals it, and puts it in the place of `file` at once.
void replace_run(OutputFile& file, const std::function<void(hdf5::Writer&)>& write);

}  // namespace quartic::run_parts
