// quartic transform RUN DATA: hidden features of rows
#include "quartic/run/transform.hpp"

#include <fmt/format.h>

#include "app/session.hpp"
#include "quartic/core/output_file.hpp"
#include "quartic/data/write_rows.hpp"
#include "quartic/run/number.hpp"
#include "run/report_json.hpp"

namespace quartic::app {
namespace {

struct TransformArguments {
  std::filesystem::path run;
  TransformOptions options;
};

void print(const Features& features, bool sample, const std::filesystem::path& file,
           const Globals& globals) {
  const auto& likelihood = features.log_likelihood;
  const bool bound = features.layers > 1;
  if (globals.json) {
    auto out = reports::json_of("file", path_text(file.string()), "rows", features.rows, "hidden",
                                features.units, "layer", features.layers);
    if (likelihood) {
      out[bound ? "bound" : "log_likelihood"] = reports::to_json(*likelihood);
      out["ok"] = features.log_z->ok;
    }
    print_json(out);
  } else if (!globals.quiet) {
    to_output("{} of {} hidden units for {} rows written to {}\n",
              sample ? "draws" : "expectations", features.units, features.rows, file.string());
    if (!likelihood) {
      to_output("ln p a row: not known before the training is finished\n");
      return;
    }
    to_output("ln p a row: {}{}\n", bound ? "at least " : "", with_error(*likelihood));
    if (!features.log_z->ok) to_output("  NOT TO BE TRUSTED: {}\n", features.log_z->reason);
  }
}

std::vector<std::string> unit_names(int units) {
  std::vector<std::string> names;
  for (int j = 0; j < units; ++j) names.push_back(fmt::format("h{}", j));
  return names;
}

ErrorCode transform(const TransformArguments& arguments, const Globals& globals) {
  AnyRun run = read_run(arguments.run);
  if (globals.seed) std::visit([&](auto& r) { r.config.run.seed = *globals.seed; }, run);
  if (globals.threads) set_threads(run, *globals.threads);
  const std::filesystem::path file =
      globals.output.empty() ? arguments.run.stem().string() + "-features.npy" : globals.output;
  require_row_format(file);
  require_output(file, globals);
  Attended attended(globals);
  const auto features = about(
      arguments.run, [&] { return quartic::transform(run, arguments.options, attended.session); });
  attended.progress.clear();
  const std::size_t shape[] = {features.rows, static_cast<std::size_t>(features.units)};
  const auto to = still_free(file, globals);
  write_rows(to, features.hidden, shape, unit_names(features.units));
  print(features, arguments.options.sample, to, globals);
  return ErrorCode::ok;
}

const Verb transform_verb(
    412, "transform", transform, [](CLI::App& verb, TransformArguments& options) {
      verb.description(
          "hidden features of rows, of a network or stack: -o FILE.npy or FILE.csv"
          "\n$ quartic transform run.h5 table.csv -o features.npy");
      verb.add_option("RUN", options.run, "run file of a network or deep stack")
          ->required()
          ->type_name(value::run);
      verb.add_option("DATA", options.options.data,
                      "npy, npz, HDF5, IDX, CSV, images, as fit reads them")
          ->required()
          ->type_name(value::data);
      verb.add_option("--layer", options.options.layer,
                      "of a deep stack: whose hidden units, 1 is that of the data; the top one")
          ->check(integer(1));
      verb.add_flag("--sample", options.options.sample,
                    "draws of the hidden units, not expectations");
    });

}  // namespace
}  // namespace quartic::app
