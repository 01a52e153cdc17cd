#include "app/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "app/streams.hpp"
#include "quartic/run/number.hpp"
#include "run/report_json.hpp"

namespace quartic::app {
namespace {

std::size_t terminal_columns() {
  return terminal_width(STDERR_FILENO).value_or(80);
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

std::string number_text(const Metric& metric) {
  if (std::isnan(metric.error)) return fmt::format("{:.3g}", metric.value);
  return with_error(metric.value, metric.error);
}

std::string layer_text(const Step& step) {
  return step.layers > 0 ? fmt::format("layer {} of {}  ", step.layer, step.layers) : std::string();
}

}  // namespace

Progress::Progress(const Globals& globals, double json_interval, bool live)
    : mode_(globals.json                 ? Mode::json
            : globals.quiet              ? Mode::none
            : is_terminal(STDERR_FILENO) ? Mode::bar
                                         : Mode::lines),
      json_interval_(json_interval),
      live_(live) {}

/// What takes the lines that are drawn off the screen, with the cursor where the first began.
std::string Progress::wiped() const {
  if (lines_ == 0) return {};
  std::string out = "\r\x1b[K";
  for (std::size_t k = 1; k < lines_; ++k) out += "\x1b[1A\x1b[K";
  return out;
}

void Progress::clear() {
  put_error(wiped());
  lines_ = 0;
}

void Progress::draw(const std::string& bar) {
  std::string out = wiped();
  const auto above = curves();
  for (const auto& line : above) out += line + '\n';
  put_error(out + bar.substr(0, terminal_columns() - 1));
  lines_ = above.size() + 1;
}

void Progress::ended(Outcome /*outcome*/) {
  clear();
  for (const auto& line : curves()) put_error(line + '\n');
  curves_.clear();
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
  draw(
      fmt::format("[{:#<{}}{:.<{}}] {:3.0f} %  {}", "", filled, "", 16 - filled, 100 * done, what));
}

void Progress::step(const Step& step, const std::function<Metrics()>& metrics) {
  last_ = step;
  if (mode_ == Mode::bar && !stage_.empty()) next_ = 0;  // the first one after a phase is shown
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
    if (live_) add_to_curves(step, metrics);
    draw(bar(step, numbers(metrics), now));
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
    text += fmt::format("{}{} {}", text.empty() ? "" : "  ", label, number_text(*found));
  };
  for (const auto& [name, label] : labels) add(name, label);
  const bool shown = std::any_of(std::begin(labels), std::end(labels),
                                 [&](const auto& label) { return label.first == shown_also_; });
  if (!shown) add(shown_also_, shown_also_);
  return text;
}

std::string Progress::bar(const Step& step, const std::string& numbers, double now) const {
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
  return text + fmt::format("  {:.3g}/s  {}{}", rate, layer_text(step), live_ ? "" : numbers);
}

void Progress::add_to_curves(const Step& step, const Metrics& metrics) {
  constexpr std::size_t most = 5;
  for (const auto& [name, label] : labels) {
    if (name == "site_updates_per_second" || name == "acceptance") continue;
    const auto found =
        std::find_if(metrics.begin(), metrics.end(),
                     [&, &name = name](const Metric& metric) { return metric.name == name; });
    if (found == metrics.end() || !std::isfinite(found->value)) continue;
    auto curve =
        std::find_if(curves_.begin(), curves_.end(),
                     [&, &label = label](const Curve& known) { return known.label == label; });
    if (curve == curves_.end()) {
      if (curves_.size() == most) return;
      curve = curves_.insert(curve, {std::string(label), {}, {}});
    }
    // Of a new layer, or of a first attempt that is begun anew, it begins anew.
    if (!curve->points.empty() && curve->points.back().first >= static_cast<double>(step.done))
      curve->points.clear();
    add_point(curve->points, static_cast<double>(step.done), found->value);
    curve->number = number_text(*found);
  }
}

std::vector<std::string> Progress::curves() const {
  constexpr std::size_t label = 15, number = 16, widest = 72;
  const std::size_t columns = terminal_columns() - 1;
  const std::size_t width =
      columns > label + number + 10 ? std::min(columns - label - number, widest) : 10;
  std::vector<std::string> lines;
  for (const auto& curve : curves_)
    lines.push_back(fmt::format("{:<{}}{}  {}", curve.label, label, sparkline(curve.points, width),
                                curve.number));
  return lines;
}

}  // namespace quartic::app
