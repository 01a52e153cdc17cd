// A session that several ranks share: they stop at the same step, by one clock, and the root's
// observer hears of it.
#pragma once

#include <functional>
#include <string_view>

#include "quartic/core/team.hpp"
#include "quartic/run/session.hpp"

namespace quartic {

/// Stops where any rank is asked to; its time is the root's, as of the last question. One message
/// of two numbers a question.
class AgreedStop : public StopRequest, public Clock {
 public:
  AgreedStop(const Team& team, const StopRequest& own, const Clock& clock)
      : team_(team), own_(own), clock_(clock) {}
  bool requested() const override;
  double seconds() const override { return team_.several() ? seconds_ : clock_.seconds(); }

 private:
  const Team& team_;
  const StopRequest& own_;
  const Clock& clock_;
  mutable double seconds_ = 0;
};

/// Tells the root's observer alone, but of what is saved every rank's. Where that asks for the
/// metrics of a step, all ranks make them: they may need all chains. One message of a number a
/// step.
class RootObserver : public Observer {
 public:
  RootObserver(const Team& team, Observer& own) : team_(team), own_(own) {}
  void phase(std::string_view what, double done) override;
  void step(const Step& step, const std::function<Metrics()>& metrics) override;
  void saving() override;
  void saved() override;
  void failed(const Error& error) override;
  void ended(Outcome outcome) override;

 private:
  const Team& team_;
  Observer& own_;
};

/// What a rank's own stop, observer and clock make of a session; they outlive it. Of a team of one
/// it is theirs.
class AgreedSession {
 public:
  AgreedSession(const Team& team, const StopRequest& stop, Observer& observer, const Clock& clock)
      : stop_(team, stop, clock),
        observer_(team, observer),
        session{stop_, observer_, stop_, 30, team} {}
  AgreedSession(const AgreedSession&) = delete;  // the session refers to the others

 private:
  AgreedStop stop_;
  RootObserver observer_;

 public:
  Session session;
};

}  // namespace quartic
