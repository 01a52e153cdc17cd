// Fields to be judged: from whatever file they are in.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "quartic/core/error.hpp"
#include "quartic/data/data_file.hpp"
#include "quartic/data/npy.hpp"
#include "quartic/graph/lattice.hpp"
#include "quartic/run/judge.hpp"
#include "quartic/runfile/run_file.hpp"
#include "quartic/runfile/sample_file.hpp"

namespace quartic {
namespace {

constexpr std::size_t least_rows = 64;

std::string quote(const std::filesystem::path& file) {
  return "'" + file.string() + "'";
}

std::vector<std::size_t> extents_of(const Graph& graph) {
  if (const Lattice* lattice = graph.lattice())
    return {lattice->extent.begin(), lattice->extent.end()};
  return {static_cast<std::size_t>(graph.sites())};
}

/// All values of a file; float64 where an npy file in C order holds it.
std::vector<double> read_values(const DataFile& file, const std::filesystem::path& path) {
  if (file.info().format == DataFormat::npy && file.info().type == "f8") {
    try {
      return read_npy(path);
    } catch (const BadInput&) {  // another order: as float32
    }
  }
  const auto values = read_rows(file, 0, file.rows());
  return {values.begin(), values.end()};
}

/// Chains and draws of an array; 0 chains: it is no array of such fields.
std::pair<std::size_t, std::size_t> chains_and_draws(const std::vector<std::size_t>& shape,
                                                     const Graph& graph) {
  const std::vector<std::size_t> flat = {static_cast<std::size_t>(graph.sites())};
  for (const auto& row : {extents_of(graph), flat}) {
    if (shape.size() <= row.size() || shape.size() > row.size() + 2) continue;
    const auto lead = static_cast<std::ptrdiff_t>(shape.size() - row.size());
    if (!std::equal(row.begin(), row.end(), shape.begin() + lead)) continue;
    return {shape[0], lead == 2 ? shape[1] : 1};
  }
  return {0, 0};
}

JudgedFields from_run(const std::filesystem::path& file) {
  StoredSample stored = read_sample(file);
  JudgedFields fields{quote(file)};
  fields.phi.assign(stored.phi.begin(), stored.phi.end());
  fields.chains = stored.chains, fields.draws = stored.draws, fields.sites = stored.sites;
  for (std::size_t n = 0; n < stored.log_weight.size(); ++n)  // ln w = -S - ln q
    fields.log_q.push_back(-stored.action_value[n] - stored.log_weight[n]);
  return fields;
}

}  // namespace

JudgedFields read_fields(const FieldsSource& source, const Graph& graph) {
  JudgedFields fields{quote(source.file)};
  if (source.dataset.empty() && std::filesystem::is_regular_file(source.file) &&
      is_run_file(source.file)) {
    fields = from_run(source.file);
  } else {
    const auto file = open_data_file({source.file, source.dataset, DataFormat::automatic, {}});
    std::vector<std::size_t> shape = {file->rows()};
    const auto& row = file->info().row_shape;
    shape.insert(shape.end(), row.begin(), row.end());
    const auto [chains, draws] = chains_and_draws(shape, graph);
    if (chains == 0) {
      const auto extent = extents_of(graph);
      throw BadInput(
          fmt::format("{}: an array of shape ({}) holds no fields on {}", fields.place,
                      fmt::join(shape, ", "), graph.description()),
          fmt::format("(rows, {0}) of independent rows or (chains, draws, {0}){1}", graph.sites(),
                      extent.size() > 1 ? fmt::format("; or {} in the place of {}",
                                                      fmt::join(extent, ", "), graph.sites())
                                        : ""));
    }
    fields.chains = static_cast<int>(chains), fields.draws = static_cast<int>(draws);
    fields.sites = graph.sites();
    fields.phi = read_values(*file, source.file);
  }
  if (source.one_chain) {
    if (fields.draws > 1 && fields.chains > 1)
      throw BadInput(fmt::format("{}: it holds {} chains, not one", fields.place, fields.chains),
                     "leave --one-chain out");
    fields.draws *= fields.chains, fields.chains = 1;
  }
  if (!source.log_q.empty()) {
    const auto file =
        open_data_file({source.log_q, source.log_q_dataset, DataFormat::automatic, {}});
    fields.log_q = read_values(*file, source.log_q);
  }
  return fields;
}

void require_judgeable(const JudgedFields& fields, const Graph& graph) {
  const auto sites = static_cast<std::size_t>(graph.sites());
  if (fields.sites != graph.sites())
    throw BadInput(fmt::format("{}: fields of {} sites, the action is on {}", fields.place,
                               fields.sites, graph.description()),
                   "another --action, or other fields");
  const std::size_t rows = fields.phi.size() / sites;
  if (rows < least_rows)
    throw BadInput(
        fmt::format("{}: {} configurations are too few to be judged", fields.place, rows),
        fmt::format("{} or more", least_rows));
  const auto bad = std::find_if(fields.phi.begin(), fields.phi.end(),
                                [](double x) { return !std::isfinite(x); });
  if (bad != fields.phi.end()) {
    const auto at = static_cast<std::size_t>(bad - fields.phi.begin());
    throw BadInput(
        fmt::format("{}: row {}, site {} is {}", fields.place, at / sites, at % sites, *bad),
        "rows that are not finite make every mean so: leave them out, and find out why");
  }
  if (fields.log_q.empty()) return;
  if (fields.log_q.size() != rows)
    throw BadInput(fmt::format("{}: logq has {} values, the fields have {} rows", fields.place,
                               fields.log_q.size(), rows),
                   "one value a row, ln of its density");
  if (fields.draws > 1)
    throw BadInput(fmt::format("{}: logq belongs to independent rows, these are {} chains of {} "
                               "draws",
                               fields.place, fields.chains, fields.draws),
                   "give (rows, sites), or leave logq out");
  for (std::size_t n = 0; n < rows; ++n)
    if (!std::isfinite(fields.log_q[n]))
      throw BadInput(fmt::format("{}: logq of row {} is {}", fields.place, n, fields.log_q[n]),
                     "every row was drawn, so its density is finite");
}

}  // namespace quartic
