#include "app/session.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstring>

#include "quartic/core/blas.hpp"
#include "quartic/core/shown.hpp"
#include "quartic/run/diagnosis.hpp"
#include "quartic/run/report.hpp"
#include "run/report_json.hpp"

namespace quartic::app {
namespace {

// Whoever stops a run is heeded within a second nearly everywhere, and the last complete state is
// saved. Where a run is deaf all the same (a product of huge matrices, a solution of huge systems),
// a timer ends the program: what was saved last is whole, and a run goes on from it.
constexpr double patience = 1.5;  // seconds for which a stop may go unheeded
// Ranks end a step when each of them has had a processor: what they spend in the queue for one is
// no deafness, up to so many seconds.
constexpr double most_queued = 8;
// What people, time limits of batch systems and of shells, and terminals that close send.
constexpr int watched[] = {SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGXCPU, SIGHUP};
constexpr int repeated[] = {SIGXCPU, SIGHUP};  // by the system itself

volatile std::sig_atomic_t stop_requested = 0, saving_now = 0, saved_once = 0;
volatile std::sig_atomic_t answer_expected = 0, several_ranks = 0;
std::atomic<double> queued_before = 0, queued_granted = 0;  // since an answer is expected
static_assert(std::atomic<double>::is_always_lock_free);    // as handlers need it
char end_text[8192], fresh_name[4096 + 32];  // made beforehand: a handler allocates nothing

void set_timer(double seconds) {
  itimerval timer{};
  timer.it_value.tv_sec = static_cast<time_t>(seconds);
  timer.it_value.tv_usec =
      static_cast<suseconds_t>(1e6 * (seconds - static_cast<double>(timer.it_value.tv_sec)));
  setitimer(ITIMER_REAL, &timer, nullptr);
}

/// For how long the first thread was ready to run while others had the processors; 0 where the
/// system does not say. Calls what a handler may call.
double queued_seconds() {
  const int error = errno;
  char text[96]{};
  const int file = open("/proc/self/schedstat", O_RDONLY | O_CLOEXEC);
  if (file >= 0) {
    [[maybe_unused]] const auto got = read(file, text, sizeof text - 1);
    close(file);
  }
  errno = error;
  std::uint64_t ran = 0, queued = 0;  // nanoseconds
  const char* const end = text + std::strlen(text);
  const auto first = std::from_chars(text, end, ran);
  if (first.ec != std::errc{} || first.ptr == end) return 0;
  std::from_chars(first.ptr + 1, end, queued);
  return 1e-9 * static_cast<double>(queued);
}

void expect_answer() {
  answer_expected = 1;
  queued_before = queued_seconds(), queued_granted = 0;
  set_timer(patience);
}

void on_signal(int) {
  stop_requested = 1;
  for (const int signal : watched) std::signal(signal, SIG_DFL);   // the next one aborts,
  for (const int signal : repeated) std::signal(signal, SIG_IGN);  // if somebody sends it
  expect_answer();
}

/// Whether more time is given, as it was others that had it.
bool queued_for_a_processor() {
  if (several_ranks == 0) return false;
  const double more = std::min(queued_seconds() - queued_before, most_queued) - queued_granted;
  if (more < 0.01) return false;
  queued_granted = queued_granted + more;
  set_timer(more);
  return true;
}

void write_error(const char* text) {
  [[maybe_unused]] const auto put = ::write(STDERR_FILENO, text, std::strlen(text));
}

void on_timer(int) {
  if (answer_expected == 0) return expect_answer();  // --max-hours are over
  if (saving_now != 0) return set_timer(0.1);
  if (queued_for_a_processor()) return;
  write_error("quartic: stopped in the midst of a long step; ");
  write_error(saved_once != 0 ? end_text : "nothing was saved yet\n");
  if (saved_once == 0) unlink(fresh_name);
  _exit(static_cast<int>(ErrorCode::interrupted));
}

void handle(int signal, void (*handler)(int)) {
  struct sigaction action {};
  if (signal == SIGHUP && sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN)
    return;  // under nohup
  action = {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigaction(signal, &action, nullptr);
}

/// Every signal watched asks for a stop; a second one aborts.
void catch_signals() {
  for (const int signal : watched) handle(signal, on_signal);
  handle(SIGALRM, on_timer);
}

/// One clock for all ranks: the root's.
double hours_of(const Globals& globals, const Attendance& attendance) {
  return globals.team().root() ? attendance.max_hours : Attendance{}.max_hours;
}

/// What on_timer says, and the file that it leaves behind nowhere.
void prepare_end(const std::filesystem::path& file, bool saved) {
  const auto put = [](char* to, std::size_t size, const std::string& text) {
    to[text.copy(to, size - 1)] = 0;
  };
  put(end_text, sizeof end_text,
      fmt::format("what was saved before it counts; continue with\n  quartic resume {}\n",
                  shown(file.string())));
  put(fresh_name, sizeof fresh_name, file.string() + ".quartic.tmp");
  saved_once = saved ? 1 : 0;
}

void tell_stopped(const std::filesystem::path& file, const Attended& attended) {
  const bool late = attended.stop.out_of_time();
  const std::string where = attended.progress.where();
  to_error("quartic: stopped {} {} and saved; continue with\n  quartic resume {}\n",
           late ? "by --max-hours" : "by a signal", where, file.string());
  if (late && (where.starts_with("in the phase") || where == "at its start"))
    to_error("  which begins this phase anew: it needs more than --max-hours left it\n");
}

/// Whoever does not ask is told that checks failed; a sample's are many, and the next step anyway.
std::string next_step(const AnyRun& run, const std::filesystem::path& file) {
  if (std::holds_alternative<SampleRun>(run))
    return fmt::format("quartic diagnose {}", file.string());
  const auto checks = diagnose(run);
  const auto failed = std::count_if(checks.begin(), checks.end(), [](auto& c) { return !c.ok; });
  if (failed == 0) return fmt::format("quartic plot {}", file.string());
  return fmt::format("quartic diagnose {}, as {} of {} checks failed", file.string(), failed,
                     checks.size());
}

void print_summary(const AnyRun& run, const std::filesystem::path& file, const Globals& globals) {
  if (globals.json) {
    auto summary = std::visit([](const auto& r) { return reports::json(r); }, run);
    summary["event"] = "summary";
    summary["file"] = path_text(file.string());
    if (globals.ranks)
      summary.update(reports::json_of("ranks", globals.ranks->size(), "messages",
                                      globals.ranks->traffic().messages, "message_bytes",
                                      globals.ranks->traffic().bytes, "message_seconds",
                                      globals.ranks->traffic().seconds));
    print_json(summary);
  } else if (!globals.quiet) {
    put_report(report(run));
    to_output("written to {}; next: {}\n", file.string(), next_step(run, file));
  }
}

}  // namespace

Stop::Stop(const Clock& clock, double max_hours) : clock_(clock), max_seconds_(max_hours * 3600) {}

Attended::Attended(const Globals& globals, const Attendance& attendance,
                   const std::filesystem::path& file, bool resumed, double json_interval)
    : stop(clock, hours_of(globals, attendance)),
      beginning(clock, attendance.max_hours + 1.0 / 3600),
      progress(globals, json_interval, attendance.live),
      agreed(globals.team(), stop, progress, clock) {
  agreed.session.checkpoint_seconds = 60 * attendance.save_minutes;
  if (attendance.live && !globals.json && !progress.drawn())
    warn("--live draws on terminals alone: this is none", globals);
  if (const auto warning = blas_identity().warning(); !warning.empty()) warn(warning, globals);
  prepare_end(file, resumed || !globals.team().root());  // whose the file is
  several_ranks = globals.team().several() ? 1 : 0;
  catch_signals();
  if (const double hours = hours_of(globals, attendance); hours < 1e6)
    set_timer(std::max(1e-3, hours * 3600));
  if (!globals.team().several()) stoppable.emplace(beginning);
}

Attended::~Attended() {
  set_timer(0);
}

void Progress::saving() {
  saving_now = 1;
}
void Progress::saved() {
  saved_once = 1;
  saving_now = 0;
  if (answer_expected != 0) expect_answer();  // what follows is to end soon, too
}

bool Stop::requested() const {
  return stop_requested != 0 || out_of_time();
}

Verb beginning(int order, const char* name, const char* what, const char* input,
               ErrorCode (*go)(const BeginArguments&, const Globals&), Work work) {
  const auto describe = [=](CLI::App& verb, BeginArguments& options) {
    verb.description(what);
    verb.add_option("CONFIG", options.input, input)->required()->type_name(value::config);
    add_attendance(verb, options.attendance);
  };
  return {order, name, go, describe, work};
}

void require_same_run(const Globals& globals, const Config& config,
                      const std::filesystem::path& file) {
  quartic::require_same_run(globals.team(), to_toml(config) + file.string());
}

ErrorCode conclude(Outcome outcome, const AnyRun& run, const std::filesystem::path& file,
                   const Attended& attended, const Globals& globals) {
  set_timer(0);
  const Answering nobody;
  if (outcome == Outcome::interrupted) {
    if (globals.team().root()) tell_stopped(file, attended);
    return ErrorCode::interrupted;
  }
  print_summary(run, file, globals);
  return ErrorCode::ok;
}

}  // namespace quartic::app
