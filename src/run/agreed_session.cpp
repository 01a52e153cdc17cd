#include "quartic/run/agreed_session.hpp"

#include <array>
#include <span>

namespace quartic {

bool AgreedStop::requested() const {
  if (!team_.several()) return own_.requested();
  std::array<double, 2> all{own_.requested() ? 1.0 : 0.0, team_.root() ? clock_.seconds() : 0.0};
  team_.max(all);
  seconds_ = all[1];
  return all[0] > 0;
}

void RootObserver::phase(std::string_view what, double done) {
  if (team_.root()) own_.phase(what, done);
}

void RootObserver::step(const Step& step, const std::function<Metrics()>& metrics) {
  if (!team_.several()) return own_.step(step, metrics);
  bool wanted = false;
  const auto tell = [&] { team_.broadcast(std::as_writable_bytes(std::span(&wanted, 1))); };
  if (team_.root())
    own_.step(step, [&] {
      if (!wanted) wanted = true, tell();
      return metrics();
    });
  if (!wanted) tell();
  if (wanted && !team_.root()) metrics();
}

void RootObserver::saving() {
  own_.saving();
}
void RootObserver::saved() {
  own_.saved();
}

void RootObserver::failed(const Error& error) {
  if (team_.root()) own_.failed(error);
}

void RootObserver::ended(Outcome outcome) {
  if (team_.root()) own_.ended(outcome);
}

}  // namespace quartic
