// quartic man [VERB]: man pages, from the tables of verbs, options and keys of the config
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "app/verb.hpp"
#include "app/words.hpp"
#include "config/table.hpp"
#include "quartic/core/output_file.hpp"
#include "quartic/runfile/run_file.hpp"

namespace quartic::app {
namespace {

/// As roff reads it.
std::string roff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else if (c == '"')
      out += "\\(dq";
    else
      out += c;
  }
  if (!out.empty() && (out[0] == '.' || out[0] == '\'')) out.insert(0, "\\&");
  return out;
}

std::string title(std::string_view page, int section) {
  std::string name(page);
  for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return fmt::format(".TH \"{}\" \"{}\" \"\" \"quartic {}\" \"quartic\"\n", roff(name), section,
                     program_provenance().version);
}

void section(std::string& out, std::string_view heading, const std::string& text = {}) {
  out += fmt::format(".SH {}\n", heading);
  if (!text.empty()) out += roff(text) + '\n';
}

void entry(std::string& out, const std::string& term, const std::string& meaning) {
  out += fmt::format(".TP\n.B {}\n{}\n", roff(term), roff(meaning));
}

void entries(std::string& out, std::string_view heading, const std::vector<OptionWords>& options) {
  if (options.empty()) return;
  section(out, heading);
  for (const auto& option : options) entry(out, option.usage(), option.meaning_and_note());
}

void exit_status(std::string& out) {
  section(out, "EXIT STATUS");
  for (const auto& code : exit_codes())
    entry(out, fmt::format("{}", code.code), fmt::format("{}: {}", code.name, code.meaning));
}

void see_also(std::string& out, const std::vector<std::string>& pages) {
  section(out, "SEE ALSO");
  for (std::size_t k = 0; k < pages.size(); ++k)
    out += fmt::format(".BR {}{}\n", roff(pages[k]), k + 1 < pages.size() ? " ," : "");
}

std::string page_of_verb(const VerbWords& verb, const CLI::App& program) {
  const std::string name = "quartic-" + verb.name;
  std::string out = title(name, 1);
  section(out, "NAME");
  out += fmt::format("{} \\- {}\n", roff(name), roff(verb.brief));
  section(out, "SYNOPSIS");
  out += fmt::format(".B {}\n", roff(verb.usage()));
  section(out, "DESCRIPTION", verb.more.empty() ? verb.brief + "." : verb.more);
  entries(out, "ARGUMENTS", verb.arguments);
  entries(out, "OPTIONS", verb.options);
  entries(out, "\"OPTIONS OF EVERY VERB\"", words_of_verb(program).options);
  if (!verb.examples.empty()) section(out, "EXAMPLES");
  for (const auto& example : verb.examples) out += fmt::format(".PP\n.B {}\n", roff(example));
  exit_status(out);
  see_also(out, {"quartic (1)", "quartic-config (5)"});
  return out;
}

std::string page_of_program(const CLI::App& program) {
  const VerbWords words = words_of_verb(program);
  std::string out = title("quartic", 1);
  section(out, "NAME");
  out += fmt::format("quartic \\- {}\n", roff(words.brief));
  section(out, "SYNOPSIS");
  out += ".B quartic VERB [OPTION]...\n";
  section(out, "DESCRIPTION",
          "Represents a phi^4 lattice field theory on any graph as a Markov random field, samples "
          "it, learns its couplings from a target action or from data, reweights it, and builds "
          "networks of phi^4 units. Every number has its error. A run is one HDF5 file; a config "
          "is TOML, quartic-config(5), and quartic init writes one to begin from.");
  std::string chapter;
  std::vector<std::string> also = {"quartic-config (5)"};
  for (const auto& verb : words_of_verbs(program)) {
    if (verb.chapter != chapter) {
      chapter = verb.chapter;
      std::string heading = chapter;
      for (char& c : heading) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      section(out, fmt::format("\"{}\"", heading));
    }
    entry(out, verb.usage(), verb.brief + ".");
    also.push_back(fmt::format("quartic-{} (1)", verb.name));
  }
  entries(out, "\"OPTIONS OF EVERY VERB\"", words.options);
  section(out, "ENVIRONMENT");
  entry(out, "NO_COLOR", "Where it is set to anything, nothing is coloured.");
  entry(out, "QUARTIC_BLAS", "An OpenBLAS (a file) to load instead of quartic's own.");
  entry(out, "QUARTIC_MPI", "off: copies that a launcher starts are runs of their own.");
  exit_status(out);
  see_also(out, also);
  return out;
}

void append_keys(std::string& out, const binder::Section& keys) {
  section(out, keys.name == "target" ? "[[target]]" : fmt::format("[{}]", keys.name),
          std::string(keys.doc));
  for (const auto& key : keys.keys) {
    const std::string standard = binder::dump(key);
    entry(out,
          standard.empty() ? std::string(key.name) : fmt::format("{} = {}", key.name, standard),
          fmt::format("{}. Takes {}.", binder::meaning(key), binder::type_name(key)));
  }
}

std::string page_of_config() {
  Config config;
  binder::fill_starts(config.action);
  TermSpec term;
  std::string out = title("quartic-config", 5);
  section(out, "NAME");
  out += "quartic\\-config \\- the config of a run of quartic\n";
  section(out, "DESCRIPTION",
          "TOML. An unknown key, a wrong type or a value out of range is refused with file and "
          "line. Keys are listed with their defaults.");
  for (const auto& keys : binder::sections(config)) {
    append_keys(out, keys);
    if (keys.name == "action") append_keys(out, binder::target_section(term));
  }
  see_also(out, {"quartic (1)", "quartic-init (1)", "quartic-validate (1)"});
  return out;
}

void write_all(const CLI::App& program, const Globals& globals) {
  const std::filesystem::path directory = globals.output;
  std::vector<std::pair<std::filesystem::path, std::string>> pages = {
      {directory / "quartic.1", page_of_program(program)},
      {directory / "quartic-config.5", page_of_config()}};
  for (const auto& verb : words_of_verbs(program))
    pages.emplace_back(directory / fmt::format("quartic-{}.1", verb.name),
                       page_of_verb(verb, program));
  std::error_code error;
  if (!std::filesystem::is_directory(directory, error)) {
    require_writable(directory, false);
    std::filesystem::create_directory(directory, error);
    if (error)
      throw BadInput(
          fmt::format("cannot make the folder '{}': {}", globals.output, error.message()),
          "-o names a folder for all pages");
  }
  for (const auto& [file, text] : pages) require_writable(file, globals.force);
  for (const auto& [file, text] : pages)
    replace_file(file, [&, &text = text](ByteSink& sink) { sink.put(text); });
}

ErrorCode man(const CLI::App& program, const std::string& page, const Globals& globals) {
  if (page.empty() && !globals.output.empty()) {
    write_all(program, globals);
  } else if (page.empty()) {
    put_out(page_of_program(program));
  } else if (page == "config") {
    write_text(page_of_config(), globals);
  } else {
    const auto verbs = words_of_verbs(program);
    const auto verb = std::find_if(verbs.begin(), verbs.end(),
                                   [&](const VerbWords& words) { return words.name == page; });
    write_text(page_of_verb(*verb, program), globals);
  }
  return ErrorCode::ok;
}

std::vector<std::string> pages(const CLI::App& program) {
  std::vector<std::string> names = {"config"};
  for (const auto& verb : words_of_verbs(program)) names.push_back(verb.name);
  return names;
}

const Verb man_verb(541, [](CLI::App& app, Globals& globals) {
  auto* verb = app.add_subcommand("man");
  verb->description(
      "man page of a verb or of the config: quartic man learn | man -l -\n"
      "Without one that of the program; with -o DIRECTORY all of them are written there.");
  const auto page = std::make_shared<std::string>();
  verb->add_option("PAGE", *page, "a verb, or config")
      ->type_name("PAGE")
      ->check(one_of(pages(app)));
  verb->callback([&app, &globals, page] {
    globals.verb = "man";
    globals.action = [&app, &globals, page] { return man(app, *page, globals); };
  });
});

}  // namespace
}  // namespace quartic::app
