#include "quartic/core/team.hpp"

#include <cstdint>
#include <exception>
#include <numeric>
#include <optional>

#include "quartic/core/error.hpp"
#include "quartic/core/progress.hpp"

namespace quartic {
namespace {

void broadcast(const Team& team, std::string& text, int from) {
  std::uint64_t size = text.size();
  team.broadcast(std::as_writable_bytes(std::span(&size, 1)), from);
  text.resize(size);
  team.broadcast(std::as_writable_bytes(std::span(text)), from);
}

[[noreturn]] void raise(ErrorCode code, const std::string& message, const std::string& hint) {
  if (code == ErrorCode::bad_input) throw BadInput(message, hint);
  if (code == ErrorCode::diverged) throw Diverged(message, hint);
  if (code == ErrorCode::interrupted) throw Interrupted();
  throw Error(code, message, hint);
}

/// `own` is nothing where this rank came through.
void share_error(const Team& team, const std::optional<Error>& own, bool name_rank) {
  const double none = -team.size();
  double first = own ? -team.rank() : none;
  team.max(std::span(&first, 1));
  if (first == none) return;
  const int from = static_cast<int>(-first);
  ErrorCode code = own ? own->code() : ErrorCode::internal;
  std::string message = own ? own->what() : "", hint = own ? own->hint() : "";
  team.broadcast(std::as_writable_bytes(std::span(&code, 1)), from);
  broadcast(team, message, from);
  broadcast(team, hint, from);
  if (name_rank && code != ErrorCode::interrupted)
    message = "rank " + std::to_string(from) + ": " + message;
  raise(code, message, hint);
}

}  // namespace

void Team::exchange(std::span<const std::size_t> sizes,
                    const std::function<void(std::byte*)>& write,
                    const std::function<void(int, const std::byte*)>& read) const {
  if (!several()) return;
  std::vector<std::byte> mine(sizes[rank()]);
  std::vector<std::byte> all(std::accumulate(sizes.begin(), sizes.end(), std::size_t{0}));
  write(mine.data());
  gather(mine, all, sizes, true);
  const std::byte* from = all.data();
  for (int k = 0; k < size(); from += sizes[k++])
    if (k != rank()) read(k, from);
}

const Team& alone() {
  static const Team one;
  return one;
}

void on_root(const Team& team, const std::function<void()>& f) {
  if (!team.several()) return f();
  std::optional<Error> error;
  try {
    if (team.root()) f();
  } catch (const Error& e) {
    error = e;
  }
  share_error(team, error, false);
}

void together(const Team& team, const std::function<void()>& f) {
  if (!team.several()) return f();
  std::optional<Error> error;
  try {
    f();
  } catch (const Error& e) {
    error = e;
  }
  share_error(team, error, true);
}

bool same_everywhere(const Team& team, const std::string& text) {
  std::string of_root = text;
  broadcast(team, of_root, 0);
  double differs = of_root == text ? 0 : 1;
  team.max(std::span(&differs, 1));
  return differs == 0;
}

}  // namespace quartic
