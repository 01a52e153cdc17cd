#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "quartic/core/error.hpp"
#include "quartic/graph/graph.hpp"

namespace quartic {
namespace {

struct WeightedEdges {
  int sites = 0;
  std::vector<Edge> edges;
  std::vector<double> weights;  // of all edges or of none
};

/// Whether the word is such a number and nothing else.
template <class T>
bool read_whole(const std::string& word, T& number) {
  const char* const end = word.data() + word.size();
  const auto [stop, error] = std::from_chars(word.data(), end, number);
  return error == std::errc{} && stop == end;
}

WeightedEdges read(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in)
    throw BadInput(fmt::format("cannot read the edge list {}", file.string()), "check the path");
  std::vector<Edge> edges;
  std::vector<double> weights;
  long sites = 0, given = -1;
  int max_at = 0;  // the line that names the largest site
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    const auto refuse = [&](const std::string& why) {
      throw BadInput(
          fmt::format("{}:{}: {}", file.string(), number, why),
          "write one edge a line, 'i j' or 'i j w', sites counted from 0; 'sites N' and # "
          "comments are allowed");
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
    std::string second, third;
    words >> second >> third;
    const bool weighted = !third.empty();
    double weight = 0;
    if (words >> rest || !read_whole(first, i) || !read_whole(second, j) ||
        (weighted && (!read_whole(third, weight) || !std::isfinite(weight))))
      refuse(fmt::format("'{}' is no edge", line));
    if (!edges.empty() && weighted == weights.empty())
      refuse("a third column, the coupling w, belongs to every edge or to none");
    if (weighted) weights.push_back(weight);
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
  return {static_cast<int>(std::max(sites, given)), std::move(edges), std::move(weights)};
}

}  // namespace

Graph read_edge_list(const std::filesystem::path& file) {
  auto list = read(file);
  return {list.sites, std::move(list.edges)};
}

std::vector<double> read_edge_weights(const std::filesystem::path& file) {
  return read(file).weights;
}

}  // namespace quartic
