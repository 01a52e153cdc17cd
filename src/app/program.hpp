// The quartic program: a file of its own, or in wheels a function of the extension module.
#pragma once

namespace quartic::app {

/// What a command line asks for; its exit code. The one place that turns errors into these.
int program(int argc, char** argv);

}  // namespace quartic::app
