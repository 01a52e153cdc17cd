// Errors: one small exception family. The library throws these and never prints or exits.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

#include "quartic/core/shown.hpp"

namespace quartic {

/// What went wrong, as the process exit code that the command line gives for it
/// (docs/exit-codes.md).
enum class ErrorCode : int {
  ok = 0,
  internal = 1,            ///< a defect in quartic or the machine (out of memory, ...)
  usage = 2,               ///< the command line could not be understood
  bad_input = 3,           ///< a config, file or physical parameter that cannot be
  diverged = 4,            ///< NaN, vanishing acceptance, couplings that run away
  diagnostics_failed = 5,  ///< a self test or a strict health check failed
  interrupted = 6,         ///< stopped by a signal or a time limit; state was saved
};

/// An error with a code, one sentence that names place and reason, and a hint that names the
/// remedy; both as they can be shown.
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message, const std::string& hint = {})
      : std::runtime_error(shown(message)), code_(code), hint_(shown(hint)) {}
  ErrorCode code() const noexcept { return code_; }
  const std::string& hint() const noexcept { return hint_; }

 private:
  ErrorCode code_;
  std::string hint_;
};

/// A config, file or parameter that cannot be.
class BadInput : public Error {
 public:
  explicit BadInput(const std::string& message, std::string hint = {})
      : Error(ErrorCode::bad_input, message, std::move(hint)) {}
};

/// A run that left the region where its numbers mean something.
class Diverged : public Error {
 public:
  explicit Diverged(const std::string& message, std::string hint = {})
      : Error(ErrorCode::diverged, message, std::move(hint)) {}
};

}  // namespace quartic
