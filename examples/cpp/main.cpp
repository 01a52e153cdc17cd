// Learns the nearest-neighbour phi^4 theory from random couplings, is stopped on the way, goes on.
#include <cstdio>

#include "quartic/run/file_store.hpp"
#include "quartic/run/learn.hpp"
#include "quartic/run/report.hpp"

using namespace quartic;
/// Asks to stop before the third step.
struct Impatient : StopRequest, Observer {
  int seen = 0;
  bool requested() const override { return seen >= 2; }
  void step(const Step& step, const std::function<Metrics()>&) override {
    seen = static_cast<int>(step.done) + 1;
  }
};

int main() {
  const Config config = parse_config(R"(
    [graph]
    extent = [4, 4]
    [[target]]  # A = -sum_nn phi phi + 1.5 sum phi^2 + 0.2 sum phi^4
    term = "nn"
    coupling = -1.0
    [[target]]
    term = "phi2"
    coupling = 1.5
    [[target]]
    term = "phi4"
    coupling = 0.2)",
                                     "main.cpp");
  const Problem problem = make_problem(config);
  LearnRun run = begin_learning(config, problem, "examples/cpp");
  Impatient impatient;
  {
    FileStore<LearnRun> store("learned.h5");  // nobody else writes the file meanwhile
    if (learn(run, problem, store, {impatient, impatient, Clock()}) == Outcome::interrupted)
      std::puts("stopped; resuming from learned.h5");
  }
  AnyRun again = read_run("learned.h5");
  resume(again, "learned.h5", "learned.h5", Unattended().session);
  std::printf("%s", report(again).c_str());
}
