#include "app/progress.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "app/number.hpp"

namespace quartic::app {
namespace {

std::size_t terminal_columns() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

}  // namespace

Progress::Progress(const Globals& globals, double json_interval)
    : mode_(globals.json            ? Mode::json
            : globals.quiet         ? Mode::none
            : isatty(STDERR_FILENO) ? Mode::bar
                                    : Mode::lines),
      json_interval_(json_interval) {}

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
  stage_ = what;
  if (mode_ != Mode::bar) return;
  fmt::print(stderr, "\r\x1b[K{} ...", what);
  std::fflush(stderr);
  drawn_ = true;
}

void Progress::part(const std::string& what, double done) {
  if (what != stage_) note(what);
  const double now = seconds();
  if (mode_ != Mode::bar || now < next_) return;
  next_ = now + 0.1;
  const int filled = static_cast<int>(16 * done);
  fmt::print(stderr, "\r\x1b[K[{:#<{}}{:.<{}}] {:3.0f} %  {}", "", filled, "", 16 - filled,
             100 * done, what);
  std::fflush(stderr);
  drawn_ = true;
}

void Progress::show(const Status& status, double now) {
  if (mode_ == Mode::json) {
    auto event = status.event;
    event["event"] = status.unit;
    event["seconds"] = now;
    fmt::print("{}\n", event.dump());
    std::fflush(stdout);
    next_ = now + json_interval_;
  } else if (mode_ == Mode::bar) {
    draw(status, now);
    next_ = now + 0.1;
  } else {
    const auto total = status.total > 0 ? fmt::format("/{}", status.total) : std::string();
    fmt::print(stderr, "{} {:>5}{}  {}  after {}\n", status.unit, status.done, total,
               status.numbers, duration(now));
    next_ = now + interval_;
    interval_ = std::min(2 * interval_, 300.0);
  }
}

void Progress::draw(const Status& status, double now) {
  const auto done = std::max<std::int64_t>(status.done - status.first, 1);
  const double rate = static_cast<double>(done) / std::max(now, 1e-9);
  std::string text = fmt::format("{} {}", status.unit, status.done);
  if (status.total > 0) {
    const auto total = std::max(status.total - status.first, done);
    const int filled = static_cast<int>(16 * done / total);
    text = fmt::format("[{:#<{}}{:.<{}}] {}/{}  {}{} left", "", filled, "", 16 - filled, text,
                       status.total, status.may_stop_early ? "at most " : "",
                       duration(static_cast<double>(total - done) / rate));
  }
  text += fmt::format("  {:.3g}/s  {}", rate, status.numbers);
  text.resize(std::min(text.size(), terminal_columns() - 1));
  fmt::print(stderr, "\r\x1b[K{}", text);
  std::fflush(stderr);
  drawn_ = true;
}

}  // namespace quartic::app
