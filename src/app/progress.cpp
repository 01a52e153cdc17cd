#include "app/progress.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "quartic/run/number.hpp"
#include "run/report_json.hpp"

namespace quartic::app {
namespace {

std::size_t terminal_columns() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

/// What a bar shows of a step, and how it calls it.
constexpr std::pair<std::string_view, std::string_view> labels[] = {
    {"gradient_norm", "|grad|"},
    {"action_variance", "Var(A-S)"},
    {"gain", "gain"},
    {"held_out_gain", "held-out"},
    {"held_out", "held-out ln p"},
    {"chi2", "chi2"},
    {"data_free_energy", "F data"},
    {"model_free_energy", "chains"},
    {"moment_score", "moments"},
    {"log_likelihood", "ln p"},
    {"site_updates_per_second", "site updates/s"},
    {"acceptance", "acc"},
    {"abs_m", "abs_m"},
    {"m2", "m2"},
    {"phi2", "phi2"},
};

std::string layer_text(const Step& step) {
  return step.layers > 0 ? fmt::format("layer {} of {}  ", step.layer, step.layers) : std::string();
}

}  // namespace

Progress::Progress(const Globals& globals, double json_interval)
    : mode_(globals.json            ? Mode::json
            : globals.quiet         ? Mode::none
            : isatty(STDERR_FILENO) ? Mode::bar
                                    : Mode::lines),
      json_interval_(json_interval) {}

void Progress::clear() {
  if (drawn_) put_error("\r\x1b[K");
  drawn_ = false;
}

void Progress::announce(const std::string& what) {
  if (mode_ == Mode::json) {
    print_json({{"event", "stage"}, {"stage", what}});
  }
  if (mode_ == Mode::lines) to_error("{}\n", what);
  announced_ = what;
}

void Progress::phase(std::string_view what, double done) {
  if (what != announced_) {
    announce(std::string(what));
    if (mode_ == Mode::bar) next_ = 0;
  }
  stage_ = what;
  const double now = clock_.seconds();
  if (mode_ != Mode::bar || now < next_) return;
  next_ = now + 0.1;
  const int filled = static_cast<int>(16 * done);
  put_error(fmt::format("\r\x1b[K[{:#<{}}{:.<{}}] {:3.0f} %  {}", "", filled, "", 16 - filled,
                        100 * done, what));
  drawn_ = true;
}

void Progress::step(const Step& step, const std::function<Metrics()>& metrics) {
  last_ = step;
  stage_.clear();
  const double before = clock_.seconds();
  if (mode_ == Mode::none || before < next_) return;
  show(step, metrics(), before);
  next_ = std::max(next_, before + 20 * (clock_.seconds() - before));
}

std::string Progress::where() const {
  if (!stage_.empty()) return fmt::format("in the phase '{}'", stage_);
  return last_.unit.empty() ? "at its start" : fmt::format("after {} {}", last_.unit, last_.done);
}

void Progress::show(const Step& step, const Metrics& metrics, double now) {
  if (mode_ == Mode::json) {
    auto event = reports::json_of("event", step.unit, "seconds", now);
    for (const auto& [name, value, error] : metrics) {
      if (std::isnan(error))
        event[name] = reports::number(value);
      else
        event[name] = reports::to_json(Estimate{value, error});
    }
    event[std::string(step.unit)] = step.done;
    if (step.layers > 0) event["layer"] = step.layer;
    print_json(event);
    next_ = now + json_interval_;
  } else if (mode_ == Mode::bar) {
    draw(step, numbers(metrics), now);
    next_ = now + 0.1;
  } else {
    const auto total = step.total > 0 ? fmt::format("/{}", step.total) : std::string();
    to_error("{} {:>5}{}  {}{}  after {}\n", step.unit, step.done, total, layer_text(step),
             numbers(metrics), duration(now));
    next_ = now + interval_;
    interval_ = std::min(2 * interval_, 300.0);
  }
}

std::string Progress::numbers(const Metrics& metrics) const {
  std::string text;
  const auto add = [&](std::string_view name, std::string_view label) {
    const auto found = std::find_if(metrics.begin(), metrics.end(),
                                    [&](const Metric& metric) { return metric.name == name; });
    if (found == metrics.end() || !std::isfinite(found->value)) return;
    text += fmt::format("{}{} {}", text.empty() ? "" : "  ", label,
                        std::isnan(found->error) ? fmt::format("{:.3g}", found->value)
                                                 : with_error(found->value, found->error));
  };
  for (const auto& [name, label] : labels) add(name, label);
  const bool shown = std::any_of(std::begin(labels), std::end(labels),
                                 [&](const auto& label) { return label.first == shown_also_; });
  if (!shown) add(shown_also_, shown_also_);
  return text;
}

void Progress::draw(const Step& step, const std::string& numbers, double now) {
  const auto done = std::max<std::int64_t>(step.done - step.first, 1);
  const double rate = static_cast<double>(done) / std::max(now, 1e-9);
  std::string text = fmt::format("{} {}", step.unit, step.done);
  if (step.total > 0) {
    const auto total = std::max(step.total - step.first, done);
    const int filled = static_cast<int>(16 * done / total);
    text = fmt::format("[{:#<{}}{:.<{}}] {}/{}  {}{} left", "", filled, "", 16 - filled, text,
                       step.total, step.may_stop_early ? "at most " : "",
                       duration(static_cast<double>(total - done) / rate));
  }
  text += fmt::format("  {:.3g}/s  {}{}", rate, layer_text(step), numbers);
  text.resize(std::min(text.size(), terminal_columns() - 1));
  put_error("\r\x1b[K" + text);
  drawn_ = true;
}

}  // namespace quartic::app
