// Progress of a long verb: a live bar on a terminal, plain lines in a log, JSON lines, or nothing.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "app/verb.hpp"
#include "quartic/run/session.hpp"

namespace quartic::app {

class Progress : public Observer {
 public:
  /// At least `json_interval` seconds lie between two JSON lines.
  explicit Progress(const Globals& globals, double json_interval = 0);
  ~Progress() override { clear(); }

  /// Announced once, then followed on the bar.
  void phase(std::string_view what, double done) override;
  /// Shows the numbers of now and then a step, and spends at most a twentieth of the time on it.
  void step(const Step& step, const std::function<Metrics()>& metrics) override;
  void saving() override;
  void saved() override;
  void failed(const Error& /*error*/) override { clear(); }
  void ended(Outcome /*outcome*/) override { clear(); }

  /// A number to show besides those that every bar has.
  void show_also(std::string name) { shown_also_ = std::move(name); }
  /// "in the certificate", "after epoch 12".
  std::string where() const;
  void clear();  ///< takes the bar off the screen

 private:
  enum class Mode { none, bar, lines, json };
  void announce(const std::string& what);
  void show(const Step& step, const Metrics& metrics, double now);
  void draw(const Step& step, const std::string& numbers, double now);
  std::string numbers(const Metrics& metrics) const;

  Mode mode_;
  double json_interval_;
  bool drawn_ = false;
  std::string announced_, stage_;  ///< last told of; under way
  std::string shown_also_;
  Step last_;
  double next_ = 0, interval_ = 0.5;  ///< seconds
  Clock clock_;
};

}  // namespace quartic::app
