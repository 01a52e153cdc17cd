#include "app/signals.hpp"

#include <csignal>

namespace quartic::app {
namespace {

volatile std::sig_atomic_t requested = 0;
constexpr int watched[] = {SIGINT, SIGTERM, SIGUSR1};

void on_signal(int) {
  requested = 1;
  for (const int signal : watched) std::signal(signal, SIG_DFL);  // the next one aborts
}

}  // namespace

void catch_signals() {
  for (const int signal : watched) {
    struct sigaction action {};
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART;
    sigaction(signal, &action, nullptr);
  }
}

bool stop_requested() {
  return requested != 0;
}

}  // namespace quartic::app
