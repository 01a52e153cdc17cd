// quartic reweight RUN [RUN ...] [--to ...] [--scan ...]
#include "quartic/run/reweight.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "app/session.hpp"
#include "quartic/core/output_file.hpp"
#include "quartic/run/coupling.hpp"
#include "quartic/run/report.hpp"

namespace quartic::app {
namespace {

struct ReweightArguments {
  std::vector<std::string> runs;
  std::string to, scan, observables = "abs_m,m2,phi2,phi4,action_density";
  bool anneal = false, strict = false;
};

std::vector<TermSpec> target_of(const std::string& to) {
  if (to.empty()) return {};
  if (to.find('=') != std::string::npos) return parse_target(to);
  const Config other = read_config(to);
  require_target(other, to);
  return other.target;
}

ReweightOptions options_of(const ReweightArguments& arguments, const Globals& globals) {
  ReweightOptions options;
  options.runs = arguments.runs;
  options.target = target_of(arguments.to);
  options.observables = split(arguments.observables, ',');
  options.anneal = arguments.anneal;
  options.threads = globals.threads.value_or(0);
  options.command = globals.command;
  if (arguments.scan.empty()) return options;
  auto scan = parse_scan(arguments.scan);
  options.scanned = std::move(scan.term), options.couplings = std::move(scan.couplings);
  return options;
}

ErrorCode reweight(const ReweightArguments& arguments, const Globals& globals) {
  const Team& team = globals.team();
  quartic::require_same_run(team, globals.command);
  on_root(team, [&] {
    if (!globals.output.empty()) require_output(globals.output, globals);
  });
  Attended attended(globals);
  ReweightRun run = quartic::reweight(options_of(arguments, globals), attended.session);
  attended.progress.clear();
  on_root(team, [&] {
    if (!globals.output.empty()) write_run(still_free(globals.output, globals), run);
  });
  const auto points = run.points.size();
  const auto failed = std::count_if(run.points.begin(), run.points.end(),
                                    [](const ReweightedPoint& point) { return !point.ok; });
  const AnyRun any = std::move(run);
  if (globals.json)
    put_out(report_json(any) + "\n");
  else if (!globals.quiet)
    put_report(report(any));
  if (!arguments.strict || failed == 0) return ErrorCode::ok;
  throw Error(ErrorCode::diagnostics_failed,
              fmt::format("{} of {} points are not to be trusted", failed, points),
              arguments.anneal ? "store more configurations, or put runs between"
                               : "--anneal, store more configurations, or put runs between");
}

const Verb reweight_verb(
    216, "reweight", reweight,
    [](CLI::App& verb, ReweightArguments& options) {
      verb.description(
          "reweight configurations to other, also complex, actions; scan a coupling"
          "\n$ quartic reweight run.h5 --to nn=-1,phi2=1.5+0.15i,phi4=0.175"
          "\n$ quartic reweight run.h5 --scan nnn=-1:0:21 -o scan.h5");
      verb.add_option("RUN", options.runs,
                      "run file with configurations; several are combined by MBAR")
          ->required()
          ->type_name(value::run);
      verb.add_option("--to", options.to,
                      "the action B: nn=-1,phi2=1.5+0.15i,..., or the [[target]] of a config; "
                      "default: the run's own target")
          ->type_name(value::config);
      verb.add_option("--scan", options.scan, "one coupling over a grid: nnn=-1:0:21")
          ->type_name(value::scan);
      verb.add_option("--observables", options.observables,
                      "m, abs_m, m2, m4, action_density, or terms per site (phi2, nn, ...)")
          ->capture_default_str();
      verb.add_flag(
          "--anneal", options.anneal,
          "anneal the configurations from S to the real part of B in steps first (of a scan: "
          "to its middle), where weights at once have died");
      verb.add_flag("--strict", options.strict, "exit 5 where a point is not to be trusted");
    },
    Work::shared);

}  // namespace
}  // namespace quartic::app
