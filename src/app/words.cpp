#include "app/words.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>

#include "app/streams.hpp"

namespace quartic::app {
namespace {

std::vector<std::string> split_at(std::string_view text, char mark) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto part = text.substr(0, text.find(mark));
    parts.emplace_back(part);
    text.remove_prefix(std::min(text.size(), part.size() + 1));
  }
  return parts;
}

/// CLI11's own names of types.
std::string placeholder(const std::string& type) {
  if (type == "INT" || type == "UINT") return value::integer;
  if (type == "FLOAT") return value::number;
  return type == "TEXT" ? value::word : type;
}

OptionWords words_of_option(const CLI::Option& option) {
  OptionWords words;
  for (const auto& name : option.get_snames()) words.names.push_back("-" + name);
  for (const auto& name : option.get_lnames()) words.names.push_back("--" + name);
  words.meaning = option.get_description();
  words.required = option.get_required();
  if (option.get_items_expected_max() == 0) return words;
  // "TYPE:{word,word}:note": the type, and what its validators are called.
  const auto parts = split_at(option.get_type_name(), ':');
  std::vector<std::string> notes;
  words.value =
      option.get_type_name().starts_with(value::scan) ? value::scan : placeholder(parts.front());
  if (words.value != value::scan)
    for (auto part = parts.begin() + 1; part != parts.end(); ++part) {
      if (part->starts_with('{'))
        words.choices = split_at(std::string_view(*part).substr(1, part->size() - 2), ',');
      else
        notes.push_back(*part);
    }
  words.several = option.get_items_expected_max() > 1 && words.value != value::setting;
  if (!words.choices.empty()) notes.push_back(fmt::format("{}", fmt::join(words.choices, ", ")));
  if (!option.get_default_str().empty()) notes.push_back("default " + option.get_default_str());
  words.note = fmt::format("{}", fmt::join(notes, "; "));
  return words;
}

void append_rows(std::string& out, std::string_view heading,
                 const std::vector<std::pair<std::string, std::string>>& rows, std::size_t width) {
  if (rows.empty()) return;
  out += fmt::format("\n{}\n", heading);
  constexpr std::size_t column = 24;
  for (const auto& [name, meaning] : rows) {
    const bool fits = name.size() + 4 <= column;
    out += fmt::format("  {:<{}}{}\n", fits ? name : name + '\n' + std::string(column, ' '),
                       fits ? column - 2 : 0, wrapped(meaning, column, width));
  }
}

std::vector<std::pair<std::string, std::string>> rows_of(const std::vector<OptionWords>& options) {
  std::vector<std::pair<std::string, std::string>> rows;
  for (const auto& option : options) rows.emplace_back(option.usage(), option.meaning_and_note());
  return rows;
}

}  // namespace

std::string OptionWords::usage() const {
  if (!names.empty())
    return fmt::format("{}{}{}{}", fmt::join(names, ", "), value.empty() ? "" : " ", value,
                       several ? "..." : "");
  return fmt::format("{}{}{}{}", required ? "" : "[", value, required ? "" : "]",
                     several ? "..." : "");
}

std::string OptionWords::meaning_and_note() const {
  return note.empty() ? meaning : fmt::format("{} ({})", meaning, note);
}

std::string VerbWords::usage() const {
  std::string out = "quartic " + name;
  for (const auto& argument : arguments) out += " " + argument.usage();
  for (const auto& option : options)
    if (option.required) out += " " + option.usage();
  return out + " [OPTION]...";
}

VerbWords words_of_verb(const CLI::App& verb) {
  VerbWords words{verb.get_name(), verb.get_group(), {}, {}, {}, {}, {}};
  for (const auto& line : split_at(verb.get_description(), '\n')) {
    if (words.brief.empty())
      words.brief = line;
    else if (line.starts_with("$ "))
      words.examples.push_back(line.substr(2));
    else
      words.more += (words.more.empty() ? "" : " ") + line;
  }
  for (const auto* option : verb.get_options())
    if (option != verb.get_help_ptr() || verb.get_parent() == nullptr)
      (option->get_positional() ? words.arguments : words.options)
          .push_back(words_of_option(*option));
  return words;
}

std::vector<VerbWords> words_of_verbs(const CLI::App& program) {
  std::vector<VerbWords> all;
  for (const auto* verb : program.get_subcommands({}))
    if (!verb->get_group().empty()) all.push_back(words_of_verb(*verb));
  return all;
}

std::span<const ExitCode> exit_codes() {
  static constexpr ExitCode codes[] = {
      {0, "ok", "done"},
      {1, "internal", "a defect in quartic, or the machine (out of memory)"},
      {2, "usage", "the command line could not be understood"},
      {3, "bad input",
       "a config, a file or a physical parameter that cannot be; nothing was written"},
      {4, "diverged",
       "the run left the region where its numbers mean something; the last good state is in the "
       "run file"},
      {5, "diagnostics failed",
       "a self test, a factorisation or Markov check, or a strict health check failed; judged "
       "fields do not follow their action, or nothing can be said of them; data hold NaN or "
       "infinite values"},
      {6, "interrupted",
       "stopped by SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGXCPU or `--max-hours`; saved, "
       "`quartic resume RUN` "
       "continues"},
  };
  return codes;
}

std::string wrapped(std::string_view text, std::size_t indent, std::size_t width) {
  std::string out;
  std::size_t at = indent;
  for (const auto& word : split_at(text, ' ')) {
    if (at > indent && at + 1 + word.size() > width) {
      out += '\n' + std::string(indent, ' ');
      at = indent;
    }
    if (at > indent) out += ' ', ++at;
    out += word, at += word.size();
  }
  return out;
}

std::string shell_word(const std::string& word) {
  constexpr std::string_view special = " \t\n'\"\\$`*?;&|<>()[]{}#~!";
  if (!word.empty() && word.find_first_of(special) == std::string::npos) return word;
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::shared_ptr<CLI::FormatterBase> make_help() {
  auto help = std::make_shared<Help>();
  help->column_width(terminal_width(STDOUT_FILENO).value_or(100));
  return help;
}

std::string Help::make_help(const CLI::App* app, std::string /*name*/,
                            CLI::AppFormatMode /*mode*/) const {
  const std::size_t width = std::clamp<std::size_t>(get_column_width(), 60, 100);
  const auto* program = app->get_parent();
  const VerbWords words = words_of_verb(*app);
  if (program == nullptr) {
    std::string out = fmt::format("{}\n\nusage: quartic VERB [OPTION]...\n", words.brief), chapter;
    std::vector<std::pair<std::string, std::string>> rows;
    for (const auto& verb : words_of_verbs(*app)) {
      if (verb.chapter != chapter) append_rows(out, chapter, rows, width), rows.clear();
      chapter = verb.chapter;
      rows.emplace_back(verb.name, verb.brief);
    }
    append_rows(out, chapter, rows, width);
    append_rows(out, "options of every verb", rows_of(words.options), width);
    out += "\nquartic VERB --help has the options of a verb, quartic man VERB its page.\n";
    std::string codes = "exit codes:";
    for (const auto& code : exit_codes())
      codes += fmt::format("{} {} {}", code.code ? "," : "", code.code, code.name);
    return out + wrapped(codes, 0, width) + "\n";
  }
  std::string out = fmt::format("usage: {}\n\n{}\n", words.usage(), wrapped(words.brief, 0, width));
  if (!words.more.empty()) out += fmt::format("\n{}\n", wrapped(words.more, 0, width));
  append_rows(out, "arguments", rows_of(words.arguments), width);
  append_rows(out, "options", rows_of(words.options), width);
  append_rows(out, "options of every verb", rows_of(words_of_verb(*program).options), width);
  if (!words.examples.empty()) out += "\nfor example\n";
  for (const auto& example : words.examples) out += fmt::format("  {}\n", example);
  return out;
}

}  // namespace quartic::app
