// quartic show RUN
#include <fmt/format.h>

#include "app/verb.hpp"
#include "quartic/run/report.hpp"
#include "quartic/runfile/sample_file.hpp"

namespace quartic::app {
namespace {

struct ShowArguments {
  std::string run;
  bool config = false;
};

ErrorCode show(const ShowArguments& options, const Globals& globals) {
  if (options.config && globals.json)
    print_json({{"config", to_toml(read_run_config(options.run))}});
  else if (options.config)
    put_out(to_toml(read_run_config(options.run)));
  else if (globals.json)
    put_out(report_json(read_run(options.run)) + "\n");
  else
    put_report(report(read_run(options.run)));
  return ErrorCode::ok;
}

const Verb show_verb(
    310, "show", show,
    [](CLI::App& verb, ShowArguments& options) {
      verb.description(
          "what a run holds, every number with its error"
          "\n$ quartic show run.h5 --config");
      verb.add_option("RUN", options.run, "a run file")->required()->type_name(value::run);
      verb.add_flag("--config", options.config, "print the effective config instead");
    },
    Work::of_one, Gives::text);

}  // namespace
}  // namespace quartic::app
