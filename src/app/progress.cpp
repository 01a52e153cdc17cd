#include "app/progress.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "app/number.hpp"
#include "app/report.hpp"

namespace quartic::app {
namespace {

std::size_t terminal_columns() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

std::string numbers(const EpochRow& row) {
  return fmt::format("|grad| {}  Var(A-S) {}  acc {:.2f}",
                     with_error(row.gradient_norm, row.gradient_norm_error),
                     with_error(row.action_variance, row.action_variance_error), row.acceptance);
}

}  // namespace

Progress::Progress(const Globals& globals, int epochs, int first_epoch)
    : mode_(globals.json            ? Mode::json
            : globals.quiet         ? Mode::none
            : isatty(STDERR_FILENO) ? Mode::bar
                                    : Mode::lines),
      epochs_(epochs),
      first_(first_epoch) {}

Progress::~Progress() {
  clear();
}

void Progress::clear() {
  if (drawn_) fmt::print(stderr, "\r\x1b[K");
  drawn_ = false;
}

void Progress::note(const std::string& what) {
  if (mode_ == Mode::json) {
    fmt::print("{}\n", nlohmann::json{{"event", "stage"}, {"stage", what}}.dump());
    std::fflush(stdout);
  }
  if (mode_ == Mode::lines) fmt::print(stderr, "{}\n", what);
  if (mode_ != Mode::bar) return;
  fmt::print(stderr, "\r\x1b[K{} ...", what);
  std::fflush(stderr);
  drawn_ = true;
}

void Progress::part(const std::string& what, double done) {
  if (what != part_) {
    part_ = what;
    note(what);
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
  if (mode_ != Mode::bar || seconds < next_) return;
  next_ = seconds + 0.1;
  const int filled = static_cast<int>(16 * done);
  fmt::print(stderr, "\r\x1b[K[{:#<{}}{:.<{}}] {:3.0f} %  {}", "", filled, "", 16 - filled,
             100 * done, what);
  std::fflush(stderr);
  drawn_ = true;
}

void Progress::epoch(const EpochRow& row) {
  const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
  if (mode_ == Mode::json) {
    auto event = to_json(row);
    event["event"] = "epoch";
    event["seconds"] = seconds;
    fmt::print("{}\n", event.dump());
    std::fflush(stdout);
  }
  if (seconds < next_) return;
  if (mode_ == Mode::bar) {
    draw(row, seconds);
    next_ = seconds + 0.1;
  }
  if (mode_ == Mode::lines) {
    line(row, seconds);
    next_ = seconds + interval_;
    interval_ = std::min(2 * interval_, 300.0);
  }
}

void Progress::draw(const EpochRow& row, double seconds) {
  const int done = row.epoch - first_ + 1, total = std::max(epochs_ - first_ + 1, done);
  const double rate = done / std::max(seconds, 1e-9);
  const int filled = 16 * done / total;
  std::string text = fmt::format("[{:#<{}}{:.<{}}] epoch {}/{}  {:.3g}/s  at most {} left  {}", "",
                                 filled, "", 16 - filled, row.epoch, epochs_, rate,
                                 duration((total - done) / rate), numbers(row));
  text.resize(std::min(text.size(), terminal_columns() - 1));
  fmt::print(stderr, "\r\x1b[K{}", text);
  std::fflush(stderr);
  drawn_ = true;
}

void Progress::line(const EpochRow& row, double seconds) {
  fmt::print(stderr, "epoch {:>5}/{}  {}  after {}\n", row.epoch, epochs_, numbers(row),
             duration(seconds));
}

}  // namespace quartic::app
