#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "quartic/core/error.hpp"
#include "quartic/graph/graph.hpp"

namespace quartic {

Graph read_edge_list(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in)
    throw BadInput(fmt::format("cannot read the edge list {}", file.string()), "check the path");
  std::vector<Edge> edges;
  long sites = 0, given = -1;
  int max_at = 0;  // the line that names the largest site
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    const auto refuse = [&](const std::string& why) {
      throw BadInput(fmt::format("{}:{}: {}", file.string(), number, why),
                     "write one edge a line, 'i j', sites counted from 0; 'sites N' and # comments "
                     "are allowed");
    };
    std::istringstream words(line);
    std::string first, rest;
    if (!(words >> first) || first[0] == '#') continue;
    long i = 0, j = 0;
    if (first == "sites") {
      if (given >= 0) refuse("a second 'sites' line");
      if (!(words >> given) || given < 1 || given > 1000000000 || words >> rest)
        refuse(fmt::format("'{}' is no number of sites", line));
      continue;
    }
    std::istringstream pair(line);
    if (!(pair >> i >> j) || pair >> rest) refuse(fmt::format("'{}' is no edge", line));
    if (i < 0 || j < 0 || std::max(i, j) > 1000000000)
      refuse(fmt::format("site {} does not exist", i < 0 ? i : j));
    if (i == j) refuse(fmt::format("site {} is joined to itself", i));
    edges.push_back({static_cast<std::int32_t>(i), static_cast<std::int32_t>(j)});
    if (std::max(i, j) < sites) continue;
    sites = std::max(i, j) + 1;
    max_at = number;
  }
  if (in.bad())
    throw BadInput(fmt::format("cannot read the edge list {}", file.string()),
                   "name a text file, not a folder");
  if (edges.empty() && given < 0) {
    throw BadInput(fmt::format("{} holds no edges", file.string()),
                   "write one edge a line, 'i j', or 'sites N' for a graph without edges");
  }
  if (given >= 0 && given < sites) {
    throw BadInput(fmt::format("{}:{}: an edge names site {}, but the file says 'sites {}'",
                               file.string(), max_at, sites - 1, given),
                   fmt::format("sites count from 0: write 'sites {}'", sites));
  }
  return {static_cast<int>(std::max(sites, given)), std::move(edges)};
}

}  // namespace quartic
