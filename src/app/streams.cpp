#include "app/streams.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "quartic/core/error.hpp"
#include "quartic/core/shown.hpp"

namespace quartic::app {
namespace {

/// Why standard output failed first; 0: it did not.
int& output_failure() {
  static int reason = 0;
  return reason;
}

void note(bool done) {
  if (!done && output_failure() == 0) output_failure() = errno;
}

}  // namespace

void secure_streams() {
  for (int descriptor = 0; descriptor <= 2; ++descriptor)
    if (fcntl(descriptor, F_GETFD) < 0 && errno == EBADF)  // opens this one: the lowest
      (void)!open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  std::signal(SIGXFSZ, SIG_IGN);
  std::signal(SIGPIPE, SIG_IGN);
}

bool is_terminal(int descriptor) {
  const char* kind = std::getenv("TERM");
  return isatty(descriptor) == 1 && kind != nullptr && std::string_view(kind) != "dumb";
}

std::string painted(std::string_view text, Colour colour, int descriptor) {
  const char* none = std::getenv("NO_COLOR");
  if ((none != nullptr && *none != '\0') || !is_terminal(descriptor)) return std::string(text);
  constexpr const char* codes[] = {"\x1b[31m", "\x1b[33m"};
  return std::string(codes[static_cast<int>(colour)]).append(text).append("\x1b[0m");
}

void put_report(std::string_view report) {
  std::string text = shown(report);
  for (const std::string_view word : {"NOT TO BE TRUSTED", "NOT ok", "FAILED", "WRONG"}) {
    const std::string red = painted(word, Colour::red, STDOUT_FILENO);
    for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + red.size()))
      text.replace(at, word.size(), red);
  }
  put_out(text);
}

void put_out(std::string_view text) {
  note(std::fwrite(text.data(), 1, text.size(), stdout) == text.size());
}

void put_error(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
}

void flush_output() {
  note(std::fflush(stdout) == 0);
}

void finish_output() {
  flush_output();
  note(std::ferror(stdout) == 0);
  const int reason = output_failure();
  if (reason == 0) return;
  throw BadInput(reason == EPIPE
                     ? std::string()
                     : std::string("cannot write standard output: ") + std::strerror(reason),
                 "is the disk full, or the stream closed?");
}

}  // namespace quartic::app
