// Graphs and pairs from a text file.
#pragma once

#include <filesystem>
#include <string>

#include "quartic/graph/graph.hpp"

namespace quartic {

/// A graph from a text file with one edge a line, "i j", zero-based sites; blank lines and lines
/// that begin with # are skipped; an optional line "sites N" fixes the number of sites (otherwise
/// the largest site + 1). Throws BadInput naming file and line.
Graph read_edge_list(const std::filesystem::path& file);

}  // namespace quartic
