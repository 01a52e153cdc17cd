// quartic show RUN
#include <fmt/format.h>

#include "app/verb.hpp"
#include "quartic/run/report.hpp"
#include "quartic/runfile/sample_file.hpp"

namespace quartic::app {
namespace {

ErrorCode show(const std::string& file, bool config, const Globals& globals) {
  if (config)
    fmt::print("{}", to_toml(read_run_config(file)));
  else
    fmt::print("{}{}", globals.json ? report_json(read_run(file)) : report(read_run(file)),
               globals.json ? "\n" : "");
  return ErrorCode::ok;
}

void add_show(CLI::App& app, Globals& globals) {
  struct ShowArguments {
    std::string run;
    bool config = false;
  };
  auto options = std::make_shared<ShowArguments>();
  auto* verb = app.add_subcommand("show", "what a run holds, every number with its error");
  verb->add_option("run", options->run, "RUN.h5")->required();
  verb->add_flag("--config", options->config, "print the effective config instead");
  verb->callback([options, &globals] {
    globals.action = [options, &globals] { return show(options->run, options->config, globals); };
  });
}

const Registration show_verb(40, add_show);

}  // namespace
}  // namespace quartic::app
