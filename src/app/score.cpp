// quartic score RUN DATA: ln p of every row under what a run has learned
#include "quartic/run/score.hpp"

#include <fmt/format.h>

#include "app/session.hpp"
#include "quartic/core/output_file.hpp"
#include "quartic/data/write_rows.hpp"
#include "quartic/run/number.hpp"
#include "run/report_json.hpp"

namespace quartic::app {
namespace {

constexpr std::size_t lowest_shown = 5;

struct ScoreArguments {
  std::filesystem::path run;
  std::string data;
};

void write(const Scores& scores, const std::filesystem::path& file) {
  std::vector<double> table;
  for (std::size_t n = 0; n < scores.log_density.size(); ++n)
    table.insert(table.end(), {static_cast<double>(n), scores.log_density[n], scores.error[n]});
  const std::size_t shape[] = {scores.log_density.size(), 3};
  write_rows(file, table, shape, {"row", "log_density", "error"});
}

nlohmann::json to_json(const Scores& scores, const std::string& file) {
  auto out = reports::json_of("rows", scores.log_density.size(), "log_density", scores.mean,
                              "log_z_error", scores.log_z_error, "exact", scores.exact, "bound",
                              scores.bound, "ok", scores.ok, "reason", scores.reason);
  if (!file.empty()) out["file"] = file;
  for (const std::size_t n : lowest_rows(scores, lowest_shown))
    out["lowest"].push_back(
        reports::json_of("row", n, "log_density", scores.log_density[n], "error", scores.error[n]));
  return out;
}

void print(const Scores& scores, const std::string& file) {
  const std::size_t rows = scores.log_density.size();
  to_output("rows        {}\n", rows);
  to_output("ln p        {}{} a row, {}{}\n", scores.bound ? "at least " : "",
            with_error(scores.mean),
            scores.discrete ? "of its probability" : "in the units of the data",
            rows > 1 ? "; error over the rows" : "");
  to_output(
      "ln Z        {}\n",
      scores.exact ? "exact" : "error " + rounded(scores.log_z_error, 2) + ", common to all rows");
  to_output("lowest, counted from 0\n");
  for (const std::size_t n : lowest_rows(scores, lowest_shown))
    to_output("  row {:<8}  {}\n", n, rounded(scores.log_density[n], 6));
  if (!file.empty()) to_output("written to {}: row, log_density, error\n", file);
  if (!scores.ok) to_output("  NOT TO BE TRUSTED: {}\n", scores.reason);
}

ErrorCode score(const ScoreArguments& arguments, const Globals& globals) {
  std::string file = globals.output;
  if (!file.empty()) {
    require_row_format(file);
    require_output(file, globals);
  }
  AnyRun run = read_run(arguments.run);
  if (globals.seed) std::visit([&](auto& r) { r.config.run.seed = *globals.seed; }, run);
  if (globals.threads) set_threads(run, *globals.threads);
  Attended attended(globals);
  const Scores scores =
      about(arguments.run, [&] { return quartic::score(run, arguments.data, attended.session); });
  attended.progress.clear();
  if (!file.empty()) write(scores, file = still_free(file, globals).string());
  if (globals.json)
    print_json(to_json(scores, file));
  else if (!globals.quiet)
    print(scores, file);
  return ErrorCode::ok;
}

const Verb score_verb(414, "score", score, [](CLI::App& verb, ScoreArguments& options) {
  verb.description(
      "ln p of rows of data: the mean and the least likely, with -o all\n"
      "Under the field, network or deep stack of a run, in the units of the data. With -o FILE.csv "
      "or FILE.npy all rows, as "
      "row, log_density, error. The error is that of ln Z where it is estimated, common to all "
      "rows; of a deep stack, whose value is a lower bound, with that of its hidden draws."
      "\n$ quartic score run.h5 table.csv -o scores.csv");
  verb.add_option("RUN", options.run, "run file of quartic fit")->required()->type_name(value::run);
  verb.add_option("DATA", options.data,
                  "npy, npz, HDF5, IDX, CSV, images; columns as the run learned them, by name "
                  "where both know names")
      ->required()
      ->type_name(value::data);
});

}  // namespace
}  // namespace quartic::app
