// What a run holds, for people and for programs.
#pragma once

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "app/verb.hpp"
#include "quartic/core/estimate.hpp"
#include "quartic/runfile/fit_run.hpp"
#include "quartic/runfile/learn_run.hpp"
#include "quartic/runfile/network_run.hpp"
#include "quartic/runfile/reweight_run.hpp"
#include "quartic/runfile/sample_run.hpp"
#include "quartic/runfile/stack_run.hpp"

namespace quartic::app {

/// Prints the report of a run of any kind to standard output.
void print_run(const std::filesystem::path& file, bool json);

/// Learned couplings, convergence, certificate.
std::string report(const LearnRun& run);
nlohmann::json report_json(const LearnRun& run);
nlohmann::json to_json(const LearnRow& row);

/// Sampling, acceptance, observables.
std::string report(const SampleRun& run);
nlohmann::json report_json(const SampleRun& run);
nlohmann::json to_json(const ObservableResult& result);

/// Learned couplings, convergence, evaluation.
std::string report(const FitRun& run);
nlohmann::json report_json(const FitRun& run);
nlohmann::json to_json(const FitRow& row);

/// Training and evaluations of a network.
std::string report(const NetworkRun& run);
nlohmann::json report_json(const NetworkRun& run);
nlohmann::json to_json(const TrainRow& row);
/// The parts that a deep stack's layers have as well.
std::string training_text(const NetworkRun& run);
nlohmann::json training_json(const NetworkRun& run);
std::string likelihood_text(std::string_view what, const LogLikelihood& likelihood,
                            double jacobian);
nlohmann::json likelihood_json(const LogLikelihood& likelihood);
/// ln |d model / d data| of a row; 0 where the data are not scaled.
double log_jacobian(const NetworkRun& run);

/// Every layer, and what the stack up to it makes of the data.
std::string report(const StackRun& run);
nlohmann::json report_json(const StackRun& run);

/// Every point with its verdict.
std::string report(const ReweightRun& run);
nlohmann::json report_json(const ReweightRun& run);

// What the reports share.
/// One line: what, its value with its error, what it means.
std::string estimate_line(std::string_view what, const Estimate& estimate,
                          const std::string& meaning);
std::string graph_text(const Action& action);
std::string origin_text(const Config& config, const Provenance& provenance);
nlohmann::json origin_json(const Action& action, const Provenance& provenance);
/// Of models without a graph.
std::string provenance_text(const Provenance& provenance);
nlohmann::json provenance_json(const Provenance& provenance);
/// "A = -1 nn + 1.52425 phi2 + 0.175 phi4".
std::string target_text(const std::vector<TermSpec>& target);
nlohmann::json number(double x);  ///< null where it is not finite
nlohmann::json to_json(const Estimate& estimate);

/// What a verb that has written a run says at its end, and which verb to go on with.
template <class Run>
void print_summary(const Run& run, const std::filesystem::path& file, const Globals& globals,
                   std::string_view next = "plot") {
  if (globals.json) {
    auto summary = report_json(run);
    summary["event"] = "summary";
    summary["file"] = file.string();
    fmt::print("{}\n", summary.dump());
  } else if (!globals.quiet) {
    fmt::print("{}written to {}; next: quartic {} {}\n", report(run), file.string(), next,
               file.string());
  }
}

}  // namespace quartic::app
