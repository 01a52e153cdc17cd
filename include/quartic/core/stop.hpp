// Who may stop what a thread does, however deep: asked between the parts of whatever takes long.
#pragma once

#include <atomic>
#include <exception>
#include <thread>

namespace quartic {

/// Asked again and again, by the thread that made a Stoppable of it.
class StopRequest {
 public:
  virtual ~StopRequest() = default;
  virtual bool requested() const { return false; }
};

/// While it lives, heed_stop() in this thread, and in those that share its work
/// (core/parallel.hpp), asks `request`. Of several the innermost is asked.
class Stoppable {
 public:
  explicit Stoppable(const StopRequest& request);
  ~Stoppable();
  Stoppable(const Stoppable&) = delete;

  /// Throws Interrupted, or what the request throws; from then on always the same.
  void heed();

 private:
  const StopRequest& request_;
  Stoppable* const outer_;
  const std::thread::id owner_ = std::this_thread::get_id();
  std::atomic<bool> stopped_ = false;
  std::exception_ptr why_;  ///< once stopped
};

/// Of this thread; null: nobody stops it.
Stoppable* current_stoppable();

/// While it lives, this thread answers to `other` alone; to nobody where that is null: for what has
/// to come to its end once begun.
class Answering {
 public:
  explicit Answering(Stoppable* other = nullptr);
  ~Answering();
  Answering(const Answering&) = delete;

 private:
  Stoppable* const before_;
};

/// To be called a few times a second or more by whatever takes long, where what it does may be left
/// half done. O(1), some nanoseconds. Throws Interrupted where a stop was asked for.
void heed_stop();

}  // namespace quartic
