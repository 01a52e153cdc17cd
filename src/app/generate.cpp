// quartic generate RUN: draws of a model, in the units of the data that it learned from
#include "quartic/run/generate.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/session.hpp"
#include "quartic/core/output_file.hpp"
#include "quartic/data/write_rows.hpp"
#include "quartic/run/number.hpp"
#include "run/report_json.hpp"

namespace quartic::app {
namespace {

struct GenerateArguments {
  std::filesystem::path run;
  std::optional<int> rows, sweeps;  ///< else those of what is asked for
  int warm_up = GenerateOptions{}.warm_up;
  bool mean = false;
  CompletionOptions completion;  ///< what is said of it alone
};

void print(const GeneratedRows& rows, const GenerateOptions& options,
           const std::filesystem::path& file, const Globals& globals) {
  if (globals.json) {
    const nlohmann::json out = {{"file", path_text(file.string())},
                                {"shape", rows.shape},
                                {"mean", reports::to_json(rows.mean)},
                                {"chains", rows.chains},
                                {"sweeps", options.sweeps},
                                {"warm_up", options.warm_up}};
    print_json(out);
  } else if (!globals.quiet) {
    to_output("{} rows of {} values written to {}\n", options.rows,
              fmt::join(rows.shape.begin() + 1, rows.shape.end(), " x "), file.string());
    if (rows.names.empty()) to_output("mean {}; ", with_error(rows.mean));
    to_output("{}\n", options.rows <= rows.chains
                          ? "each row is of a chain of its own"
                          : fmt::format("rows n and n + {} are of one chain, {} sweeps apart",
                                        rows.chains, options.sweeps));
  }
}

void print(const CompletedRows& rows, const CompletionOptions& options,
           const std::filesystem::path& file, const Globals& globals) {
  const auto& error = rows.error;
  if (globals.json) {
    nlohmann::json out = {
        {"file", path_text(file.string())}, {"shape", rows.shape}, {"unknown", rows.unknown}};
    if (error) {
      out["rms_error"] = reports::to_json(error->completed);
      out["rms_error_of_column_means"] = reports::to_json(error->column_means);
    }
    print_json(out);
  } else if (!globals.quiet) {
    to_output("{} {} rows of {}, {:.3g} % of the values unknown, written to {}\n",
              options.mean ? "posterior means of" : "draws for", rows.shape[0],
              fmt::join(rows.shape.begin() + 1, rows.shape.end(), " x "), 100 * rows.unknown,
              file.string());
    if (!error) return;
    to_output("hidden values: root mean square error {}; the columns' means have {}\n",
              with_error(error->completed), with_error(error->column_means));
  }
}

ErrorCode generate(const GenerateArguments& arguments, const Globals& globals) {
  const std::filesystem::path file =
      globals.output.empty() ? arguments.run.stem().string() + "-generated.npy" : globals.output;
  require_row_format(file);
  require_output(file, globals);
  AnyRun run = read_run(arguments.run);
  for (const auto& setting : globals.all_settings())
    std::visit([&](auto& r) { apply_setting(r.config, setting); }, run);
  Attended attended(globals);
  const auto write = [&](auto options, auto go) {
    options.rows = arguments.rows.value_or(options.rows);
    options.sweeps = arguments.sweeps.value_or(options.sweeps);
    options.warm_up = arguments.warm_up, options.mean = arguments.mean;
    const auto rows = about(arguments.run, [&] { return go(run, options, attended.session); });
    attended.progress.clear();
    const auto to = still_free(file, globals);
    if (rows.wide)
      write_rows(to, rows.values, rows.shape, rows.names);
    else
      write_rows(to, std::vector<float>(rows.values.begin(), rows.values.end()), rows.shape,
                 rows.names);
    print(rows, options, to, globals);
    return ErrorCode::ok;
  };
  if (!arguments.completion.given.empty()) return write(arguments.completion, complete);
  return write(GenerateOptions{}, quartic::generate);
}

const Verb generate_verb(410, "generate", generate, [](CLI::App& verb, GenerateArguments& options) {
  verb.description(
      "draws of a model, in the units of the data: -o FILE.npy or FILE.csv"
      "\n$ quartic generate run.h5 --rows 500 -o new.npy"
      "\n$ quartic generate run.h5 --given images.npy --hide 14:,: -o completed.npy");
  verb.add_option("RUN", options.run, "a run file")->required()->type_name(value::run);
  verb.add_option("--rows", options.rows, "how many; 1000, or all that are given")
      ->check(integer(1));
  verb.add_option("--sweeps", options.sweeps,
                  "between rows of one chain; 10; with --mean those averaged over; 100")
      ->check(integer(1));
  verb.add_option("--warm-up", options.warm_up, "sweeps before the first; 200")->check(integer(0));
  auto& completion = options.completion;
  auto* given = verb.add_option("--given", completion.given,
                                "rows to complete, NaN where unknown: inpainting, denoising")
                    ->type_name(value::data);
  verb.add_option("--hide", completion.hide,
                  "region of every given row that is unknown as well: 14:,: or 0:7")
      ->needs(given);
  verb.add_option("--noise", completion.noise,
                  "standard deviation of noise on the given values, in their units; 0: none")
      ->needs(given)
      ->check(not_negative());
  verb.add_flag("--mean", options.mean,
                "of a network or stack: <phi | h> of a drawn h; with --given the posterior's mean");
});

}  // namespace
}  // namespace quartic::app
