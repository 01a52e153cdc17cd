// A run kept in a run file.
#pragma once

#include <filesystem>
#include <string>
#include <utility>

#include "quartic/run/session.hpp"
#include "quartic/runfile/fit_run.hpp"
#include "quartic/runfile/learn_run.hpp"
#include "quartic/runfile/network_run.hpp"
#include "quartic/runfile/sample_run.hpp"
#include "quartic/runfile/stack_run.hpp"

namespace quartic {

/// Writes the whole file anew, atomically, with every state.
template <class Run>
class FileStore : public Store<Run> {
 public:
  explicit FileStore(std::filesystem::path file) : file_(std::move(file)) {}
  void write(const Run& run) override { write_run(file_, run); }
  std::string place() const override { return "'" + file_.string() + "'"; }

 private:
  std::filesystem::path file_;
};

}  // namespace quartic
