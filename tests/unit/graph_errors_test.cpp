#include <filesystem>
#include <fstream>

#include "quartic/graph/edge_list.hpp"
#include "quartic/graph/lattice.hpp"
#include "refusals.hpp"

namespace quartic {
namespace {

void expect_graph_refused(const std::function<void()>& act, const std::string& reason,
                          const std::string& hint) {
  expect_refused(Refusal{reason, hint, act});
}

class EdgeList : public ::testing::Test {
 protected:
  std::filesystem::path file_ =
      std::filesystem::path(::testing::TempDir()) /
      (std::string("edges_") + ::testing::UnitTest::GetInstance()->current_test_info()->name());
  void TearDown() override { std::filesystem::remove(file_); }
  Graph read(const std::string& text) {
    std::ofstream(file_) << text;
    return read_edge_list(file_);
  }
  void refused(const std::string& text, const std::string& reason, const std::string& hint) {
    expect_graph_refused([&] { read(text); }, file_.string() + reason, hint);
  }
};

TEST_F(EdgeList, Reads) {
  const Graph graph = read("# a triangle\n0 1\n\n 1 2\r\n2\t0\n");
  EXPECT_EQ(graph.sites(), 3);
  ASSERT_EQ(graph.edge_count(), 3);
  EXPECT_EQ(graph.edges()[1], (Edge{1, 2}));
  EXPECT_EQ(graph.degree(0), 2);
  EXPECT_EQ(graph.lattice(), nullptr);
  EXPECT_EQ(read("sites 5\n0 1").sites(), 5);
  EXPECT_EQ(read("0 1\nsites 5").sites(), 5);
  EXPECT_EQ(read("sites 2\n").edge_count(), 0);
  EXPECT_EQ(read("0 1 0.5\n1 2 -2e-1\n").edge_count(), 2);
  EXPECT_EQ(read_edge_weights(file_), (std::vector<double>{0.5, -0.2}));
}

TEST_F(EdgeList, RefusesNamingTheLine) {
  refused("0 1\n0 x\n", ":2: '0 x' is no edge", "one edge a line");
  refused("0 1 2 3\n", ":1: '0 1 2 3' is no edge", "one edge a line");
  refused("0 1 x\n", ":1: '0 1 x' is no edge", "one edge a line");
  refused("0 1 nan\n", ":1: '0 1 nan' is no edge", "one edge a line");
  refused("0 1 2\n1 2\n", ":2: a third column, the coupling w, belongs to every edge or to none",
          "i j w");
  refused("0 1\n1 2 .5\n", ":2: a third column", "i j w");
  refused("0 1.5\n", ":1: '0 1.5' is no edge", "one edge a line");
  refused("0\n", ":1: '0' is no edge", "one edge a line");
  refused("0 99999999999999999999\n", ":1:", "one edge a line");
  refused("0 1\n\n-1 2\n", ":3: site -1 does not exist", "counted from 0");
  refused("3 3\n", ":1: site 3 is joined to itself", "one edge a line");
  refused("sites none\n", ":1: 'sites none' is no number of sites", "'sites N'");
  refused("sites 3 4\n", ":1: 'sites 3 4' is no number of sites", "'sites N'");
  refused("sites 3\nsites 3\n", ":2: a second 'sites' line", "'sites N'");
  refused("sites 3\n0 1\n1 3\n0 2\n", ":3: an edge names site 3, but the file says 'sites 3'",
          "write 'sites 4'");
  refused("# nothing\n", " holds no edges", "one edge a line");
  expect_graph_refused([] { read_edge_list("/nowhere/edges.txt"); }, "/nowhere/edges.txt", "check");
  expect_graph_refused([] { read_edge_list(::testing::TempDir()); }, "cannot read", "not a folder");
}

TEST_F(EdgeList, AnEdgeThatStandsTwiceIsOneOrTwoAsIsAsked) {
  refused("0 1\n1 0\n", ": sites 0 and 1 are joined twice", "graph.duplicates");
  std::ofstream(file_) << "0 1\n1 0\n1 2\n2 1\n";
  EXPECT_EQ(read_edges(file_, Duplicates::merge).edges, (std::vector<Edge>{{0, 1}, {1, 2}}));
  EXPECT_EQ(read_edges(file_, Duplicates::add).edges.size(), 4u);
  std::ofstream(file_) << "0 1 2.5\n1 0 2.5\n";
  EXPECT_EQ(read_edges(file_, Duplicates::merge).weights, std::vector<double>{2.5});
  std::ofstream(file_) << "0 1 2.5\n1 0 0.5\n";
  expect_graph_refused([&] { read_edges(file_, Duplicates::merge); }, "couplings 2.5 and 0.5",
                       "\"add\" takes their sum");
}

TEST_F(EdgeList, ASlipInASiteNumberMakesNoGraphThatFillsTheMemory) {
  refused("0 999999999\n", ": 1000000000 sites take 128.0 GB of memory", "without gaps");
}

TEST(GraphErrors, NameTheEdge) {
  expect_graph_refused([] { Graph(3, {{0, 1}, {1, 3}}); }, "edge 1 joins sites 1 and 3", "from 0");
  expect_graph_refused([] { Graph(3, {{-1, 1}}); }, "edge 0 joins sites -1 and 1", "from 0");
  expect_graph_refused([] { Graph(3, {{2, 2}}); }, "edge 0 joins sites 2 and 2", "two different");
  expect_graph_refused([] { Graph(0, {}); }, "at least one site, got 0", "number of sites");
  expect_graph_refused([] { Graph(-2, {}); }, "at least one site, got -2", "number of sites");
}

TEST(GraphErrors, Lattices) {
  const auto refused = [](const Lattice& lattice, const std::string& why, const std::string& hint) {
    expect_graph_refused([&] { make_lattice(lattice); }, why, hint);
  };
  refused({"sqare", {4, 4}, {true, true}}, "unknown lattice 'sqare'", "did you mean 'square'?");
  refused({"klein bottle", {4}, {true}}, "unknown lattice", "one of: chain, square");
  refused({"square", {4}, {true}}, "needs 2 extents, got 1", "");
  refused({"hypercubic", {}, {}}, "extent", "");
  refused({"square", {4, 4}, {true}}, "boundary entries, got 1", "");
  refused({"square", {4, 1}, {true, true}}, "extent 1 of the square lattice is 1", "at least 2");
  refused({"square", {0, 4}, {false, false}}, "extent 0 of the square lattice is 0", "at least 1");
  refused({"complete", {4}, {true}}, "no boundary", "leave boundary out");
  refused({"bipartite", {4, 3}, {false, false}}, "no boundary", "leave boundary out");
  refused({"honeycomb", {3, 4}, {true, true}}, "even extents", "alternate");
  refused({"square", {100000, 100000}, {true, true}}, "too many", "extent");
  refused({"complete", {100000}, {}}, "too many", "extent");
  const Lattice chain{"chain", {4}, {true}}, complete{"complete", {4}, {}},
      triangular{"triangular", {4, 4}, {true, true}};
  expect_graph_refused([&] { diagonal_pairs(chain); }, "a chain graph has no diagonal", "pairs");
  expect_graph_refused([&] { diagonal_pairs(triangular); }, "a triangular graph has no diag",
                       "pairs");
  expect_graph_refused([&] { plaquettes(chain); }, "a chain graph has no plaquettes", "");
  expect_graph_refused([&] { plaquettes(complete); }, "a complete graph has no plaquettes", "");
  expect_graph_refused([&] { pairs_at(complete, std::vector{1}); }, "no displacements", "");
  expect_graph_refused([&] { pairs_at(chain, std::vector{4}); }, "[4] joins site 0 to itself",
                       "shorter");
  expect_graph_refused([&] { pairs_at(chain, std::vector{1, 1}); }, "does not fit", "");
}

}  // namespace
}  // namespace quartic
