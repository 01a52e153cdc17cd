// A run kept in a run file.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "quartic/core/team.hpp"
#include "quartic/run/session.hpp"
#include "quartic/runfile/fit_run.hpp"
#include "quartic/runfile/learn_run.hpp"
#include "quartic/runfile/network_run.hpp"
#include "quartic/runfile/sample_run.hpp"
#include "quartic/runfile/stack_run.hpp"

namespace quartic {

/// Writes the whole file anew, atomically, with every state; of a team, the root does. While it
/// lives, no other process writes the file.
template <class Run>
class FileStore : public Store<Run> {
 public:
  explicit FileStore(std::filesystem::path file, const Team& team = alone())
      : team_(team), name_(std::move(file)) {
    on_root(team_, [&] { file_.emplace(name_); });
  }
  void write(const Run& run) override {
    on_root(team_, [&] { write_run(*file_, run); });
  }
  std::string place() const override { return "'" + name_.string() + "'"; }
  /// What a run that was killed has left beside the file (NewFileStore).
  void forget_old() {
    on_root(team_, [&] { file_->forget_old(); });
  }

 protected:
  const Team& team() const { return team_; }
  /// Of the root alone.
  OutputFile& file() { return *file_; }

 private:
  const Team& team_;
  std::filesystem::path name_;
  std::optional<OutputFile> file_;  ///< of the root
};

/// Of a new run, in the place of another file perhaps: what that held stays as FILE.quartic.old
/// until the new run has come to an end of its own, by settle(). Where it does not, as on a full
/// disk, FILE is what it was and the new run's last state is FILE.quartic.new.
template <class Run>
class NewFileStore final : public FileStore<Run> {
 public:
  explicit NewFileStore(std::filesystem::path file, const Team& team = alone())
      : FileStore<Run>(std::move(file), team) {}
  ~NewFileStore() override {
    if (kept_ && written_)
      this->file().put_old_back();
    else if (kept_)
      this->file().forget_old();
  }

  void write(const Run& run) override {
    if (first_) on_root(this->team(), [&] { kept_ = this->file().keep_old(); });
    first_ = false;
    try {
      FileStore<Run>::write(run);
    } catch (const BadInput& error) {
      failed_ = true;
      throw BadInput(error.what(), error.hint() + after_failure());
    }
    only_begun_ = !written_;
    written_ = true;
  }
  bool written() const { return written_; }
  /// After an error of the input that its first state knew nothing of: nothing was learned, and
  /// nothing stays.
  void discard_beginning() {
    if (!only_begun_ || failed_) return;
    on_root(this->team(), [&] { this->file().withdraw(kept_); });
    kept_ = false;
  }
  /// The new run is what FILE holds.
  void settle() {
    this->forget_old();
    kept_ = false;
  }

 private:
  std::string after_failure() {
    if (!kept_) return {};
    if (!written_) return "; the file is as it was";
    return "; the file is as it was before this run, which can go on from '" +
           this->file().taken_away().string() + "'";
  }

  bool first_ = true, kept_ = false, written_ = false;  ///< kept_: by the root
  bool only_begun_ = false, failed_ = false;            ///< written once; a write was none
};

/// A new run from its beginning to its end, in a file: go(run, store).
template <class Run, class Go>
Outcome run_into(const std::filesystem::path& file, Run& run, Go&& go, const Team& team = alone()) {
  NewFileStore<Run> store(file, team);
  try {
    const Outcome outcome = go(run, store);
    store.settle();
    return outcome;
  } catch (const Diverged&) {  // its last good state counts
    store.settle();
    throw;
  } catch (const BadInput&) {
    store.discard_beginning();
    throw;
  } catch (const Interrupted&) {  // outside of a loop, which would return
    if (!store.written()) throw;
    store.settle();
    return Outcome::interrupted;
  }
}

}  // namespace quartic
