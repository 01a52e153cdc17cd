#include "app/streams.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "app/words.hpp"
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

std::string folded(std::string_view text, std::size_t width) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    const std::size_t indent = std::min(line.find_first_not_of(' '), line.size());
    if (line.size() <= width)
      out += line;
    else
      out += std::string(indent, ' ') + wrapped(line.substr(indent), indent + 4, width);
    if (end < text.size()) out += '\n';
    at = end + 1;
  }
  return out;
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

std::optional<std::size_t> terminal_width(int descriptor) {
  winsize size{};
  if (ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return std::nullopt;
  return size.ws_col;
}

std::string painted(std::string_view text, Colour colour, int descriptor) {
  const char* none = std::getenv("NO_COLOR");
  if ((none != nullptr && *none != '\0') || !is_terminal(descriptor)) return std::string(text);
  constexpr const char* codes[] = {"\x1b[31m", "\x1b[33m"};
  return std::string(codes[static_cast<int>(colour)]).append(text).append("\x1b[0m");
}

void put_report(std::string_view report) {
  std::string text = shown(report);
  if (const auto width = terminal_width(STDOUT_FILENO)) text = folded(text, *width);
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
