// What a run does, in Python: the same functions of run/ as the command line's, and the same files.
#include <nanobind/stl/complex.h>
#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cmath>
#include <filesystem>
#include <functional>
#include <string_view>
#include <utility>

#include "functions.hpp"
#include "numpy.hpp"
#include "quartic/core/output_file.hpp"
#include "quartic/core/shown.hpp"
#include "quartic/graph/lattice.hpp"
#include "quartic/run/any_run.hpp"
#include "quartic/run/data.hpp"
#include "quartic/run/diagnosis.hpp"
#include "quartic/run/file_store.hpp"
#include "quartic/run/fit.hpp"
#include "quartic/run/free_energy.hpp"
#include "quartic/run/generate.hpp"
#include "quartic/run/judge.hpp"
#include "quartic/run/learn.hpp"
#include "quartic/run/problem.hpp"
#include "quartic/run/report.hpp"
#include "quartic/run/reweight.hpp"
#include "quartic/run/sample.hpp"
#include "quartic/run/score.hpp"
#include "quartic/run/train.hpp"
#include "quartic/run/transform.hpp"
#include "quartic/runfile/sample_file.hpp"
#include "settings.hpp"
#include "watch.hpp"

namespace quartic::python {
namespace {

using std::filesystem::path;

// --- configs ------------------------------------------------------------------------------------

void set_graph(Settings& self, const Graph& graph) {
  GraphConfig& to = self.config.graph;
  to = {};
  if (const Lattice* lattice = graph.lattice()) {
    to.lattice = lattice->name, to.extent = lattice->extent;
    const auto open = std::count(lattice->periodic.begin(), lattice->periodic.end(), false);
    for (const bool periodic : lattice->periodic)
      if (open > 0) to.boundary.emplace_back(periodic ? "periodic" : "open");
    return;
  }
  to.pairs.assign(graph.edges().begin(), graph.edges().end());
  to.sites = graph.sites();
  to.duplicates = Duplicates::add;  // as it is
}

void set_couplings(Settings& self, const Action& action) {
  ActionConfig& to = self.config.action;
  to.kappa.reset(), to.mu2.reset(), to.lambda.reset();
  CouplingStart* const all[] = {&to.w, &to.r, &to.a, &to.b};
  for (const auto kind : all_coupling_kinds) {
    const auto& values = action.couplings(kind);
    CouplingStart& start = *all[static_cast<int>(kind)];
    const bool uniform =
        std::all_of(values.begin(), values.end(), [&](double x) { return x == values.front(); });
    start = {.start = {}, .freedom = start.freedom};
    if (!uniform)
      start.values = values;
    else if (!values.empty())
      start.start = {{values.front(), values.front()}};
  }
}

/// Entries as in [[target]]; "function" with a callable.
std::vector<TermSpec> terms_of(nb::list terms, const Graph& graph) {
  std::vector<TermSpec> specs;
  for (nb::handle entry : terms) {
    TermSpec& spec = specs.emplace_back();
    spec.name = nb::cast<std::string>(entry["term"]);
    spec.coupling = nb::cast<std::complex<double>>(entry["coupling"]);
    if (!std::isfinite(spec.coupling.real()) || !std::isfinite(spec.coupling.imag()))
      throw BadInput("the coupling of target term '" + spec.name + "' is not finite",
                     "couplings are finite numbers");
    if (entry.attr("get")("displacement").is_valid() &&
        !entry.attr("get")("displacement").is_none())
      spec.displacement = nb::cast<std::vector<int>>(entry["displacement"]);
    if (const nb::object weights = entry.attr("get")("weights"); !weights.is_none()) {
      const Input values = as_input(weights);
      spec.weights.assign(values.data(), values.data() + values.size());
    }
    if (const nb::object function = entry.attr("get")("function"); !function.is_none())
      spec.function = target_function_of(function, graph, "the target");
  }
  return specs;
}

std::string kind_of(const Settings& self) {
  if (!self.config.data.path.empty()) return std::string(name(self.config.model.kind));
  return self.config.target.empty() ? "sample" : "learn";
}

// --- runs ---------------------------------------------------------------------------------------

/// Of the run that begin(session) gives.
template <class Begin, class Go>
bool store_begun(Begin&& begin, const path& file, nb::object watch, Go&& go) {
  Outcome outcome = Outcome::finished;
  watched(std::move(watch), [&](const Session& session) {
    auto run = begin(session);
    using Run = decltype(run);
    require_same_run(session.team, to_toml(run.config));
    outcome = run_into(
        file, run, [&](Run& begun, auto& store) { return go(begun, store, session); },
        session.team);
  });
  return outcome == Outcome::finished;
}

template <class Run, class Go>
bool store_run(Run run, const path& file, nb::object watch, Go&& go) {
  return store_begun([&](const Session&) { return std::move(run); }, file, std::move(watch),
                     std::forward<Go>(go));
}

bool sample_run(const Settings& given, const path& file, const std::string& command,
                nb::dict observables, nb::object watch) {
  const Action action = make_start(given.config, make_graph(given.config.graph));
  const auto functions = functions_of(std::move(observables), *action.graph);
  SampleRun run = begin_sampling(given.config, action, command, functions);
  return store_run(std::move(run), file, std::move(watch),
                   [&](SampleRun& r, auto& store, const Session& session) {
                     return sample(r, store, session, functions);
                   });
}

bool learn_run(const Settings& given, const path& file, const std::string& command,
               nb::object watch) {
  require_target(given.config, given.place);
  const Problem problem = make_problem(given.config);
  return store_run(begin_learning(given.config, problem, command), file, std::move(watch),
                   [&](LearnRun& run, auto& store, const Session& session) {
                     return learn(run, problem, store, session);
                   });
}

bool fit_run(const Settings& given, const path& file, const std::string& command,
             nb::object watch) {
  const Config& config = given.config;
  const DataSet data = open_data(config, given.place);
  if (config.model.kind == ModelKind::network) {
    const NetworkData learned = network_data(config, rows_of(data), data.scaling);
    return store_run(begin_training(config, learned, describe(data, 0), command), file,
                     std::move(watch), [&](NetworkRun& run, auto& store, const Session& session) {
                       return train(run, learned, store, session);
                     });
  }
  if (config.model.kind == ModelKind::stack)
    return store_run(begin_stack(config, command), file, std::move(watch),
                     [&](StackRun& run, auto& store, const Session& session) {
                       return train(run, data, store, session);
                     });
  const Action start = make_start(config, make_graph(config.graph));
  const auto begin = [&](const Session& session) {
    return begin_fit(config, start, data, given.place, command,
                     session.progress("placing hidden units"));
  };
  return store_begun(begin, file, std::move(watch),
                     [&](FitRun& run, auto& store, const Session& session) {
                       return fit(run, data, store, session);
                     });
}

bool resume_run(const path& from, const path& to, std::optional<int> limit,
                std::optional<int> threads, nb::dict observables, nb::object target,
                nb::object watch) {
  AnyRun run = read_run(from);
  if (threads) set_threads(run, *threads);
  if (limit) extend(run, *limit);
  Functions functions;
  if (const auto* learned = std::get_if<LearnRun>(&run); learned && !target.is_none())
    functions.target = target_function_of(target, *learned->action.graph, "the target");
  if (const auto* sampled = std::get_if<SampleRun>(&run))
    functions.observables = functions_of(std::move(observables), *sampled->action.graph);
  Outcome outcome = Outcome::finished;
  watched(std::move(watch), [&](const Session& session) {
    std::visit([&](const auto& r) { require_same_run(session.team, to_toml(r.config)); }, run);
    if (!finished(run))
      outcome = resume(run, from, to, session, functions);
    else if (from != to && session.team.root())
      std::filesystem::copy_file(from, to, std::filesystem::copy_options::overwrite_existing);
  });
  return outcome == Outcome::finished;
}

void reweight_runs(const std::vector<path>& runs, nb::object target, const std::string& scanned,
                   std::vector<std::complex<double>> couplings,
                   std::vector<std::string> observables, nb::dict functions, bool anneal,
                   int threads, const path& file, const std::string& command, nb::object watch) {
  const auto graph = read_model(runs.at(0)).action.graph;
  ReweightOptions options;
  for (const path& run : runs) options.runs.push_back(run.string());
  if (!target.is_none()) options.target = terms_of(nb::cast<nb::list>(target), *graph);
  options.scanned = scanned, options.couplings = std::move(couplings);
  options.observables = std::move(observables);
  options.functions = functions_of(std::move(functions), *graph);
  options.anneal = anneal, options.threads = threads, options.command = command;
  watched(std::move(watch),
          [&](const Session& session) { write_run(file, reweight(options, session)); });
}

std::string free_energy_of(const Settings& given, double error, const std::optional<path>& learned,
                           bool to_target, nb::object watch) {
  const auto graph = make_graph(given.config.graph);
  std::optional<LearnRun> run;
  if (learned) run = read_learn_run(*learned);
  const Action action =
      to_target ? target_action(given.config, graph) : make_start(given.config, graph);
  std::string out;
  watched(std::move(watch), [&](const Session& session) {
    out = report_json(free_energies(given.config, action, error, run ? &*run : nullptr, session));
  });
  return out;
}

/// phi[chain][draw][site]; JSON and text of the judgement.
nb::tuple judge_fields(const Settings& given, const Input& phi, const std::optional<Input>& log_q,
                       double level, nb::object watch) {
  JudgedFields fields{"phi"};
  fields.phi.assign(phi.data(), phi.data() + phi.size());
  fields.chains = static_cast<int>(phi.shape(0)), fields.draws = static_cast<int>(phi.shape(1));
  fields.sites = static_cast<int>(phi.shape(2));
  if (log_q) fields.log_q.assign(log_q->data(), log_q->data() + log_q->size());
  Judgement judgement;
  watched(std::move(watch), [&](const Session& session) {
    if (session.team.several()) {
      const std::string_view bytes(reinterpret_cast<const char*>(fields.phi.data()),
                                   fields.phi.size() * sizeof(double));
      require_same_run(session.team, to_toml(given.config) +
                                         std::to_string(std::hash<std::string_view>{}(bytes)));
    }
    const Action action = make_start(given.config, make_graph(given.config.graph));
    require_judgeable(fields, *action.graph);
    JudgeOptions options;
    options.level = level;
    judgement = Referee(given.config, action, options).judge(fields, session);
  });
  return nb::make_tuple(report_json(judgement), report(judgement));
}

template <class T>
Floatings rows_to_python(std::vector<T> values, const std::vector<std::size_t>& shape) {
  auto* kept = new std::vector<T>(std::move(values));
  nb::capsule owner(kept, [](void* p) noexcept { delete static_cast<std::vector<T>*>(p); });
  return nb::cast(
      nb::ndarray<nb::numpy, T>(kept->data(), shape.size(), shape.data(), std::move(owner)));
}

Floatings generate_rows(const path& file, int rows, int sweeps, int warm_up, bool mean,
                        const std::vector<std::string>& settings, nb::object watch) {
  AnyRun run = read_run(file);
  for (const auto& setting : settings)
    std::visit([&](auto& r) { apply_setting(r.config, setting); }, run);
  GeneratedRows out;
  watched(std::move(watch), [&](const Session& session) {
    out =
        generate(run, {.rows = rows, .sweeps = sweeps, .warm_up = warm_up, .mean = mean}, session);
  });
  if (out.wide) return rows_to_python(std::move(out.values), out.shape);
  return rows_to_python(std::vector<float>(out.values.begin(), out.values.end()), out.shape);
}

Floatings transform_rows(const path& file, const path& data, std::optional<int> layer, bool draws,
                         int threads, nb::object watch) {
  AnyRun run = read_run(file);
  set_threads(run, threads);
  Features out;
  watched(std::move(watch), [&](const Session& session) {
    out = transform(run, {.data = data, .layer = layer, .sample = draws}, session);
  });
  return rows_to_python(std::move(out.hidden), {out.rows, static_cast<std::size_t>(out.units)});
}

nb::tuple score_rows(const path& file, const path& data, int threads, nb::object watch) {
  AnyRun run = read_run(file);
  set_threads(run, threads);
  Scores out;
  watched(std::move(watch), [&](const Session& session) { out = score(run, data, session); });
  const std::size_t rows = out.log_density.size();
  return nb::make_tuple(to_numpy(std::move(out.log_density), {rows}), out.ok, out.reason);
}

nb::list checks_of(const path& file) {
  std::vector<Check> checks;
  {
    const Released released;
    checks = diagnose(read_run(file));
  }
  nb::list out;
  for (const Check& check : checks)
    out.append(nb::make_tuple(check.name, check.value.value, check.value.error, check.threshold,
                              check.ok, check.advice));
  return out;
}

template <class F>
std::string text_of(const path& file, F&& f) {
  const Released released;
  return f(read_run(file));
}

}  // namespace

void bind_runs(nb::module_& m) {
  nb::class_<Settings>(m, "Config", "A config: sections of keys, see docs/config.md.")
      .def(
          "__init__",
          [](Settings* self, const std::string& text, const std::string& place,
             const std::vector<std::string>& settings) {
            new (self) Settings{parse_config(text, place, settings), place};
          },
          nb::arg("text"), nb::arg("place"), nb::arg("settings"))
      .def_static(
          "read",
          [](const path& file, const std::vector<std::string>& settings) {
            if (is_run_file(file)) {
              Settings out{read_run_config(file), file.string()};
              for (const auto& setting : settings) apply_setting(out.config, setting);
              return out;
            }
            return Settings{read_config(file, settings), file.string()};
          },
          nb::arg("file"), nb::arg("settings"))
      .def("set_graph", &set_graph, nb::arg("graph"))
      .def("set_couplings", &set_couplings, nb::arg("action"))
      .def(
          "set_target",
          [](Settings& self, nb::list terms) {
            self.config.target = terms_of(std::move(terms), *make_graph(self.config.graph));
          },
          nb::arg("terms"))
      .def("check", [](const Settings& self) { require_consistent(self.config, self.place); })
      .def("graph",
           [](const Settings& self) {
             return std::const_pointer_cast<Graph>(make_graph(self.config.graph));
           })
      .def_prop_ro("kind", &kind_of)
      .def_prop_ro("output",
                   [](const Settings& self) -> std::optional<path> {
                     if (self.config.output.file.empty()) return {};
                     return self.config.output.file;
                   })
      .def("__str__", [](const Settings& self) { return to_toml(self.config); });

  m.def("config_schema", &config_schema);
  m.def("path_text", [](const nb::bytes& path) {
    return path_text(std::string_view(path.c_str(), path.size()));
  });
  m.def("sample_run", &sample_run);
  m.def("learn_run", &learn_run);
  m.def("fit_run", &fit_run);
  m.def("resume_run", &resume_run, nb::arg("run"), nb::arg("file"), nb::arg("limit").none(),
        nb::arg("threads").none(), nb::arg("observables"), nb::arg("target").none(),
        nb::arg("watch"));
  m.def("reweight_runs", &reweight_runs, nb::arg("runs"), nb::arg("target").none(),
        nb::arg("scanned"), nb::arg("couplings"), nb::arg("observables"), nb::arg("functions"),
        nb::arg("anneal"), nb::arg("threads"), nb::arg("file"), nb::arg("command"),
        nb::arg("watch"));
  m.def("free_energy_of", &free_energy_of, nb::arg("config"), nb::arg("error"),
        nb::arg("learned").none(), nb::arg("to_target"), nb::arg("watch"));
  m.def("judge_fields", &judge_fields, nb::arg("config"), nb::arg("phi"), nb::arg("log_q").none(),
        nb::arg("level"), nb::arg("watch"));
  m.def("generate_rows", &generate_rows);
  m.def("score_rows", &score_rows);
  m.def("transform_rows", &transform_rows, nb::arg("file"), nb::arg("data"),
        nb::arg("layer").none(), nb::arg("draws"), nb::arg("threads"), nb::arg("watch"));
  m.def("require_writable", [](const path& file, bool force) { require_writable(file, force); });
  m.def("checks_of", &checks_of);
  m.def("report_of", [](const path& file) {
    return text_of(file, [](const AnyRun& run) { return report(run); });
  });
  m.def("summary_of", [](const path& file) {
    return text_of(file, [](const AnyRun& run) { return report_json(run); });
  });
  m.def("finished_run", [](const path& file) { return finished(read_run(file)); });
  m.def(
      "run_kind", [](const path& file) { return std::string(name(run_kind(file))); },
      nb::arg("file"));
  m.def("scaling_of", [](const path& file) {
    return std::visit(
        []<class Run>(const Run& run) -> DataScaling {
          if constexpr (std::is_same_v<Run, StackRun>)
            return run.layers.front().data.scaling;
          else if constexpr (requires { run.data.scaling; })
            return run.data.scaling;
          else
            throw BadInput("this run has learned from no data", "runs of `fit` have");
        },
        read_run(file));
  });
  m.def("action_of", [](const path& file) { return read_model(file, true).action; });
}

}  // namespace quartic::python
