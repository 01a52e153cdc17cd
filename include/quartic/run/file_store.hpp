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

/// Writes the whole file anew, atomically, with every state. While it lives, no other process
/// writes the file.
template <class Run>
class FileStore : public Store<Run> {
 public:
  explicit FileStore(std::filesystem::path file) : name_(std::move(file)), file_(name_) {}
  void write(const Run& run) override { write_run(file_, run); }
  std::string place() const override { return "'" + name_.string() + "'"; }

 private:
  std::filesystem::path name_;
  OutputFile file_;
};

}  // namespace quartic
