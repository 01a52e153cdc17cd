// quartic plot RUN: figures, by the Python package
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

#include "app/verb.hpp"
#include "quartic/core/output_file.hpp"
#include "quartic/run/any_run.hpp"

namespace quartic::app {
namespace {

/// That of the environment which the program is in, which may not be the one on PATH.
std::string python_beside(const std::filesystem::path& program) {
  if (program.filename().string().starts_with("python")) return program.string();  // of a wheel
  const auto beside = program.parent_path() / "python3";
  return access(beside.c_str(), X_OK) == 0 ? beside.string() : std::string("python3");
}

constexpr int signalled = 256;  // and the signal's number
constexpr int no_package = 75, no_memory = 76, no_matplotlib = 77, no_program = 127;
constexpr const char* draw =
    "import signal, sys\n"
    "signal.signal(signal.SIGINT, signal.SIG_DFL)\n"
    "missing = 75\n"
    "try:\n"
    "    import quartic\n"
    "    missing = 77\n"
    "    from quartic.plot import main\n"
    "    sys.exit(main(sys.argv[1:]))\n"
    "except ImportError:\n"
    "    sys.exit(missing)\n"
    "except OSError as error:\n"
    "    if error.errno not in (23, 24):\n"  // too many open files
    "        raise\n"
    "    print(f'quartic: figures cannot be drawn: {error.strerror}', file=sys.stderr)\n"
    "    sys.exit(3)\n"
    "except MemoryError:\n"
    "    sys.exit(76)\n";

/// A command's exit status, no_program where there is none; its streams are written to the given
/// ones: {{STDOUT_FILENO, other}}.
int run(const std::vector<std::string>& words, const std::vector<std::pair<int, int>>& streams) {
  const pid_t parent = getpid(), child = fork();
  if (child < 0) return no_program;
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);  // whoever stops the program stops the figures
    if (getppid() != parent) _exit(no_program);
    for (const auto& [stream, other] : streams) dup2(other, stream);
    std::vector<char*> arguments;
    for (const auto& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    execvp(arguments[0], arguments.data());
    _exit(no_program);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : signalled + WTERMSIG(status);
}

/// Whether addresses are limited (ulimit -v) to less than Python's libraries may need: they cannot
/// be mapped then, start no threads, or end the process, and say so in many ways, tracebacks among
/// them.
bool addresses_are_scarce() {
  constexpr rlim_t plenty = rlim_t{1} << 30;
  rlimit limit{};
  return getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur < plenty;
}

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

/// What a command wrote to its standard error, told once it is known to be worth it.
void tell(std::FILE* withheld) {
  std::rewind(withheld);
  for (int byte = 0; (byte = std::fgetc(withheld)) != EOF;) std::fputc(byte, stderr);
}

struct PlotArguments {
  std::string run, format = "png";
};

ErrorCode plot(const PlotArguments& arguments, const Globals& globals) {
  const std::string& file = arguments.run;
  read_run(file);  // a clear sentence for what is no whole run file
  const std::string directory = globals.output.empty()
                                    ? std::filesystem::path(file).stem().string() + "-figures"
                                    : globals.output;
  const std::filesystem::path figures = directory;
  std::error_code error;
  const auto there = std::filesystem::status(figures, error);
  const std::string ending = figures.extension().string();
  if (ending == ".png" || ending == ".pdf" || ending == ".svg")
    throw BadInput(fmt::format("'{}' looks like one figure: -o names a folder for all", directory),
                   fmt::format("-o {} --format {}", figures.stem().string(), ending.substr(1)));
  if (std::filesystem::exists(there) && !std::filesystem::is_directory(there))
    throw BadInput(fmt::format("'{}' is there and no directory for figures", directory),
                   "give another name with -o");
  require_writable(std::filesystem::is_directory(there) ? figures / "figure" : figures, true);
  const std::string python = python_beside(globals.program);
  std::vector<std::string> words{python, "-P",      "-c",       draw,
                                 "-o",   directory, "--format", arguments.format};
  if (globals.json) words.emplace_back("--json");
  if (globals.force) words.emplace_back("--force");
  words.insert(words.end(), {"--", file});
  std::vector<std::pair<int, int>> streams;
  const bool scarce = addresses_are_scarce();
  const File withheld(scarce ? std::tmpfile() : nullptr, std::fclose);
  const File null(globals.quiet ? std::fopen("/dev/null", "w") : nullptr, std::fclose);
  if (withheld) streams.emplace_back(STDERR_FILENO, fileno(withheld.get()));
  if (null) streams.emplace_back(STDOUT_FILENO, fileno(null.get()));
  const int status = run(words, streams);
  const auto code = static_cast<ErrorCode>(status);
  if (code == ErrorCode::ok || code == ErrorCode::bad_input) {  // it has said why
    if (withheld) tell(withheld.get());
    return code;
  }
  if (status == no_memory || scarce)
    throw Error(ErrorCode::internal,
                fmt::format("out of memory: the figures of '{}' could not be drawn", file),
                "Python with matplotlib takes half a gigabyte of addresses: ulimit -v");
  if (status == no_matplotlib)
    throw BadInput(fmt::format("figures need matplotlib, which {} cannot import", python),
                   fmt::format("{} -m pip install 'matplotlib>=3.8'", python));
  if (status == no_package || status == no_program)
    throw BadInput(
        fmt::format(
            "figures need the Python package quartic with matplotlib, which {} cannot import",
            python),
        "install quartic there with its extra [plot], or activate the environment that has it");
  if (status > signalled)
    throw Error(ErrorCode::internal,
                fmt::format("the figures of '{}' could not be drawn: Python was ended by signal {}",
                            file, status - signalled),
                status == signalled + SIGSEGV ? "its stack may be limited: ulimit -s" : "");
  throw Error(ErrorCode::internal, fmt::format("the figures of '{}' could not be drawn", file));
}

const Verb plot_verb(312, "plot", plot, [](CLI::App& verb, PlotArguments& options) {
  verb.description(
      "figures of a run, into the directory -o (default: RUN-figures)"
      "\n$ quartic plot run.h5 --format pdf -o figures");
  verb.add_option("RUN", options.run, "a run file")->required()->type_name(value::run);
  verb.add_option("--format", options.format, "of the figures' files")
      ->check(one_of({"png", "pdf", "svg"}))
      ->capture_default_str();
});

}  // namespace
}  // namespace quartic::app
