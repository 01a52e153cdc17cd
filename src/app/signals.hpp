// Stopping on request: SIGINT, SIGTERM and SIGUSR1 ask for a stop; a second one aborts.
#pragma once

namespace quartic::app {

void catch_signals();
bool stop_requested();

}  // namespace quartic::app
