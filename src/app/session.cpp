#include "app/session.hpp"

#include <fmt/format.h>

#include <csignal>

#include "quartic/core/blas.hpp"
#include "quartic/run/report.hpp"
#include "run/report_json.hpp"

namespace quartic::app {
namespace {

volatile std::sig_atomic_t stop_requested = 0;
constexpr int watched[] = {SIGINT, SIGTERM, SIGUSR1};

void on_signal(int) {
  stop_requested = 1;
  for (const int signal : watched) std::signal(signal, SIG_DFL);  // the next one aborts
}

/// SIGINT, SIGTERM and SIGUSR1 ask for a stop; a second one aborts.
void catch_signals() {
  for (const int signal : watched) {
    struct sigaction action {};
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART;
    sigaction(signal, &action, nullptr);
  }
}

void tell_stopped(const std::filesystem::path& file, const Attended& attended) {
  const bool late = attended.stop.out_of_time();
  const std::string where = attended.progress.where();
  to_error("quartic: stopped {} {} and saved; continue with\n  quartic resume {}\n",
           late ? "by --max-hours" : "by a signal", where, file.string());
  if (late && where.starts_with("in the phase"))
    to_error("  which begins this phase anew: it needs more than --max-hours left it\n");
}

void print_summary(const AnyRun& run, const std::filesystem::path& file, const Globals& globals) {
  if (globals.json) {
    auto summary = std::visit([](const auto& r) { return reports::json(r); }, run);
    summary["event"] = "summary";
    summary["file"] = path_text(file.string());
    print_json(summary);
  } else if (!globals.quiet) {
    to_output("{}written to {}; next: quartic {} {}\n", report(run), file.string(),
              std::holds_alternative<SampleRun>(run) ? "diagnose" : "plot", file.string());
  }
}

}  // namespace

Stop::Stop(const Clock& clock, double max_hours) : clock_(clock), max_seconds_(max_hours * 3600) {}

Attended::Attended(const Globals& globals, double max_hours, double json_interval)
    : stop(clock, max_hours), progress(globals, json_interval) {
  if (const auto warning = blas_identity().warning(); !warning.empty()) warn(warning, globals);
  catch_signals();
}

bool Stop::requested() const {
  return stop_requested != 0 || out_of_time();
}

Verb beginning(int order, const char* name, const char* what, const char* input,
               ErrorCode (*go)(const BeginArguments&, const Globals&)) {
  return {order, name, go, [=](CLI::App& verb, BeginArguments& options) {
            verb.description(what);
            verb.add_option("config", options.input, input)->required();
            add_max_hours(verb, options.max_hours);
          }};
}

ErrorCode conclude(Outcome outcome, const AnyRun& run, const std::filesystem::path& file,
                   const Attended& attended, const Globals& globals) {
  if (outcome == Outcome::interrupted) {
    tell_stopped(file, attended);
    return ErrorCode::interrupted;
  }
  print_summary(run, file, globals);
  return ErrorCode::ok;
}

}  // namespace quartic::app
