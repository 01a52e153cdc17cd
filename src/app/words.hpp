// The verbs and their options as tables: what help, man pages and completion are written from.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace quartic::app {

/// An option, or where it has no names a positional argument.
struct OptionWords {
  std::vector<std::string> names;    ///< "-o", "--output"
  std::string value;                 ///< what stands for its value: RUN, FILE, N; a flag has none
  std::string meaning, note;         ///< note: range, words and default
  std::vector<std::string> choices;  ///< words that its value may be, or is best one of
  bool required = false, several = false;

  /// "-o, --output FILE", "RUN", "[CONFIG]", "RUN..."
  std::string usage() const;
  /// "seed of all random streams (>= 0)"
  std::string meaning_and_note() const;
};

struct VerbWords {
  std::string name, chapter;
  // Of its description: the first line, what more there is to say, and lines that begin with "$ ".
  std::string brief, more;
  std::vector<std::string> examples;
  std::vector<OptionWords> arguments, options;

  /// "quartic learn CONFIG [OPTION]..."
  std::string usage() const;
};

/// Of a verb, or of the program itself, whose options are those of every verb.
VerbWords words_of_verb(const CLI::App& verb);
/// Of every verb that is shown, in the order of the help.
std::vector<VerbWords> words_of_verbs(const CLI::App& program);

/// What stands for values, by which they are completed, too.
namespace value {
inline constexpr char run[] = "RUN", config[] = "CONFIG", data[] = "DATA", file[] = "FILE",
                      setting[] = "SECTION.KEY=VALUE", scan[] = "TERM=LOW:HIGH:N", word[] = "WORD",
                      integer[] = "N", number[] = "X";
}  // namespace value

struct ExitCode {
  int code;
  std::string_view name, meaning;
};
/// docs/exit-codes.md
std::span<const ExitCode> exit_codes();

/// The word as a shell takes it: in quotes where it must be.
std::string shell_word(const std::string& word);

/// Lines of at most `width` characters, where words allow, each after so many blanks but the first.
std::string wrapped(std::string_view text, std::size_t indent, std::size_t width);

/// What --help prints, as wide as the terminal where there is one.
std::shared_ptr<CLI::FormatterBase> make_help();
class Help : public CLI::FormatterBase {
 public:
  std::string make_help(const CLI::App* app, std::string name,
                        CLI::AppFormatMode mode) const override;
};

}  // namespace quartic::app
