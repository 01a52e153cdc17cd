// Progress of a long verb: a live bar on a terminal, plain lines in a log, JSON lines, or nothing.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/verb.hpp"
#include "quartic/run/session.hpp"
#include "run/sparkline.hpp"

namespace quartic::app {

class Progress : public Observer {
 public:
  /// At least `json_interval` seconds lie between two JSON lines.
  /// `live`: on a terminal, curves of its numbers above the bar.
  explicit Progress(const Globals& globals, double json_interval = 0, bool live = false);
  ~Progress() override { clear(); }

  /// Announced once, then followed on the bar.
  void phase(std::string_view what, double done) override;
  /// Shows the numbers of now and then a step, and spends at most a twentieth of the time on it.
  void step(const Step& step, const std::function<Metrics()>& metrics) override;
  void saving() override;
  void saved() override;
  void failed(const Error& /*error*/) override { clear(); }
  /// Curves stay on the screen.
  void ended(Outcome outcome) override;

  /// A number to show besides those that every bar has.
  void show_also(std::string name) { shown_also_ = std::move(name); }
  /// "in the certificate", "after epoch 12".
  std::string where() const;
  void clear();  ///< takes the bar off the screen, and the curves
  /// Whether it is drawn on a terminal.
  bool drawn() const { return mode_ == Mode::bar; }

 private:
  enum class Mode { none, bar, lines, json };
  void announce(const std::string& what);
  void show(const Step& step, const Metrics& metrics, double now);
  std::string bar(const Step& step, const std::string& numbers, double now) const;
  std::string numbers(const Metrics& metrics) const;
  void add_to_curves(const Step& step, const Metrics& metrics);
  std::vector<std::string> curves() const;
  std::string wiped() const;
  void draw(const std::string& bar);  ///< in the place of what was drawn

  struct Curve {
    std::string label, number;  ///< number: the last one, with its error
    Points points;
  };

  Mode mode_;
  double json_interval_;
  bool live_;
  std::vector<Curve> curves_;
  std::size_t lines_ = 0;          ///< that are drawn
  std::string announced_, stage_;  ///< last told of; under way
  std::string shown_also_;
  Step last_;
  double next_ = 0, interval_ = 0.5;  ///< seconds
  Clock clock_;
};

}  // namespace quartic::app
