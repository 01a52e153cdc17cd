#include "quartic/graph/edge_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "quartic/core/error.hpp"
#include "quartic/core/memory.hpp"
#include "quartic/graph/graph.hpp"

namespace quartic {
namespace {

/// Whether the word is such a number and nothing else.
template <class T>
bool read_whole(const std::string& word, T& number) {
  const char* const end = word.data() + word.size();
  const auto [stop, error] = std::from_chars(word.data(), end, number);
  return error == std::errc{} && stop == end;
}

EdgeListed read(const std::filesystem::path& file) {
  std::error_code error;  // a pipe or a device may have no end
  if (std::filesystem::exists(file, error) && !std::filesystem::is_regular_file(file, error))
    throw BadInput(
        fmt::format("cannot read the edge list {}: it is no regular file", file.string()),
        "name a text file, not a folder or a pipe");
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

std::pair<int, int> ordered(const Edge& edge) {
  return std::minmax(edge.first, edge.second);
}

}  // namespace

void resolve_duplicates(EdgeListed& list, Duplicates duplicates, const std::string& where) {
  // A slip in a site's number makes a graph of sites that nothing is joined to.
  require_memory(graph_bytes(list.sites, static_cast<double>(list.edges.size())),
                 fmt::format("{}: {} sites", where, list.sites),
                 "sites are numbered from 0 without gaps: number them anew");
  if (duplicates == Duplicates::add) return;
  std::map<std::pair<int, int>, std::size_t> first;  // where an edge stands first
  EdgeListed kept{list.sites, {}, {}};
  for (std::size_t k = 0; k < list.edges.size(); ++k) {
    const auto [at, fresh] = first.try_emplace(ordered(list.edges[k]), kept.edges.size());
    const auto& [i, j] = at->first;
    if (fresh) {
      kept.edges.push_back(list.edges[k]);
      if (!list.weights.empty()) kept.weights.push_back(list.weights[k]);
    } else if (duplicates == Duplicates::refuse) {
      throw BadInput(fmt::format("{}: sites {} and {} are joined twice", where, i, j),
                     "graph.duplicates = \"merge\" takes one of the edges, \"add\" both");
    } else if (!list.weights.empty() && list.weights[k] != kept.weights[at->second]) {
      throw BadInput(
          fmt::format("{}: sites {} and {} are joined twice, with couplings {:g} and {:g}", where,
                      i, j, kept.weights[at->second], list.weights[k]),
          "graph.duplicates = \"add\" takes their sum");
    }
  }
  list = std::move(kept);
}

EdgeListed read_edges(const std::filesystem::path& file, Duplicates duplicates) {
  auto list = read(file);
  resolve_duplicates(list, duplicates, file.string());
  return list;
}

Graph read_edge_list(const std::filesystem::path& file) {
  auto list = read_edges(file, Duplicates::refuse);
  return {list.sites, std::move(list.edges)};
}

std::vector<double> read_edge_weights(const std::filesystem::path& file) {
  return read_edges(file, Duplicates::refuse).weights;
}

}  // namespace quartic
