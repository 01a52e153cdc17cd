// quartic completion SHELL: what a shell reads to complete command lines; it asks `quartic
// complete`
#include <fmt/format.h>

#include <algorithm>

#include "app/verb.hpp"
#include "app/words.hpp"
#include "config/table.hpp"

namespace quartic::app {
namespace {

/// What may stand where the cursor is: words, or files by the ends of their names.
struct Candidates {
  std::vector<std::pair<std::string, std::string>> words;  ///< each with what it means
  std::optional<std::string> files;                        ///< "h5 toml"; "": any
};

Candidates of_choices(const std::vector<std::string>& choices) {
  Candidates out;
  for (const auto& choice : choices) out.words.emplace_back(choice, "");
  return out;
}

/// The words of a key's value.
std::vector<std::string> words_of_key(const binder::Key& key) {
  using binder::Visit;
  const auto listed = [](const std::vector<std::string_view>& names) {
    return std::vector<std::string>(names.begin(), names.end());
  };
  return std::visit(Visit{
                        [&](const binder::Choice& c) { return listed(c.names); },
                        [&](const binder::Choices& c) { return listed(c.names); },
                        [&](const binder::NameList& list) { return listed(list.names); },
                        [](bool*) {
                          return std::vector<std::string>{"true", "false"};
                        },
                        [](const auto&) { return std::vector<std::string>(); },
                    },
                    key.value);
}

/// section.key=, and behind it the words that the key takes.
Candidates of_settings(std::string_view current) {
  Candidates out;
  Config config;
  for (const auto& section : binder::sections(config))
    for (const auto& key : section.keys) {
      const auto setting = fmt::format("{}.{}=", section.name, key.name);
      if (!current.starts_with(setting))
        out.words.emplace_back(setting, binder::meaning(key));
      else
        for (const auto& word : words_of_key(key)) out.words.emplace_back(setting + word, "");
    }
  return out;
}

Candidates of_scan() {
  Candidates out;
  for (const auto term : term_names())
    if (term != "function") out.words.emplace_back(std::string(term) + "=", "");
  return out;
}

Candidates of_value(const OptionWords& option, std::string_view current) {
  if (!option.choices.empty()) return of_choices(option.choices);
  if (option.value == value::setting) return of_settings(current);
  if (option.value == value::scan) return of_scan();
  if (option.value == value::run) return {{}, "h5"};
  if (option.value == value::config) return {{}, "toml h5"};
  if (option.value == value::data || option.value == value::file) return {{}, ""};
  return {};
}

const OptionWords* find_option(const std::vector<OptionWords>& options, std::string_view word) {
  for (const auto& option : options)
    if (std::find(option.names.begin(), option.names.end(), word) != option.names.end())
      return &option;
  return nullptr;
}

/// A command line as far as it is read before the cursor.
class Line {
 public:
  explicit Line(const CLI::App& program)
      : verbs_(words_of_verbs(program)), options_(words_of_verb(program).options) {}

  void take(const std::string& word) {
    if (pending_ != nullptr) {
      pending_ = nullptr;
    } else if (word.starts_with('-') && word.size() > 1) {
      const auto* option = find_option(options_, word);
      pending_ = option != nullptr && !option->value.empty() ? option : nullptr;
    } else if (verb_ == nullptr) {
      begin(word);
    } else {
      ++arguments_;
    }
  }

  Candidates at_cursor(std::string_view current) const {
    if (pending_ != nullptr) return of_value(*pending_, current);
    if (const auto equals = current.find('='); current.starts_with("--") && equals < current.size())
      return behind(current.substr(0, equals), current.substr(equals + 1));
    if (current.starts_with('-')) {
      Candidates out;
      for (const auto& option : options_)
        out.words.emplace_back(option.names.back(), option.meaning);
      return out;
    }
    if (verb_ == nullptr) {
      Candidates out;
      for (const auto& verb : verbs_) out.words.emplace_back(verb.name, verb.brief);
      return out;
    }
    const auto& all = verb_->arguments;
    if (arguments_ < all.size()) return of_value(all[arguments_], current);
    return !all.empty() && all.back().several ? of_value(all.back(), current) : Candidates{};
  }

 private:
  /// --option=value
  Candidates behind(std::string_view name, std::string_view current) const {
    const auto* option = find_option(options_, name);
    Candidates out = option != nullptr ? of_value(*option, current) : Candidates{};
    for (auto& [word, meaning] : out.words) word.insert(0, fmt::format("{}=", name));
    return out;
  }

  void begin(const std::string& word) {
    const auto found = std::find_if(verbs_.begin(), verbs_.end(),
                                    [&](const VerbWords& verb) { return verb.name == word; });
    if (found == verbs_.end()) return;
    verb_ = &*found;
    options_.insert(options_.begin(), verb_->options.begin(), verb_->options.end());
  }

  std::vector<VerbWords> verbs_;
  std::vector<OptionWords> options_;      // of the program, and of the verb
  const VerbWords* verb_ = nullptr;       // once it is there
  const OptionWords* pending_ = nullptr;  // whose value comes next
  std::size_t arguments_ = 0;
};

/// For each candidate a line "word<TAB>meaning"; for files ":files h5 toml".
ErrorCode answer(const CLI::App& program, const std::vector<std::string>& words) {
  Line line(program);
  for (std::size_t k = 0; k + 1 < words.size(); ++k) line.take(words[k]);
  const std::string current = words.empty() ? std::string() : words.back();
  const Candidates found = line.at_cursor(current);
  if (found.files) put_out(fmt::format(":files {}\n", *found.files));
  for (const auto& [word, meaning] : found.words)
    if (word.starts_with(current))
      put_out(fmt::format("{}\t{}\n", word, meaning.substr(0, meaning.find_first_of(";\n"))));
  return ErrorCode::ok;
}

constexpr std::string_view bash_script =
    R"sh(# Completion of quartic in bash: source <(quartic completion bash)
_quartic() {
  local -a words=()
  local current word rest glued= k file end tilde path
  for ((k = 1; k <= COMP_CWORD; ++k)); do # bash splits at = and :, the program does not
    word=${COMP_WORDS[k]}
    if [[ ${#words[@]} -gt 0 && ($word == [=:]* || -n $glued) ]]; then words[-1]+=$word; else words+=("$word"); fi
    glued=
    if [[ $word == *[=:] ]]; then glued=1; fi
  done
  current=${words[-1]}
  COMPREPLY=()
  while IFS=$'\t' read -r word rest; do
    if [[ $word == :files* ]]; then
      compopt -o filenames 2>/dev/null
      if [[ $current == --*=* ]]; then current=${current#*=}; fi
      while IFS= read -r file; do
        end=${file##*.} path=$file tilde=${file%%/*}
        if [[ $tilde =~ ^\~[[:alnum:]_.-]*$ ]]; then eval "path=$tilde"; path+=${file#"$tilde"}; fi
        if [[ $word == ':files ' || -d $path || " ${word#:files } " == *" $end "* ]]; then COMPREPLY+=("$file"); fi
      done < <(compgen -f -- "$current")
    else
      if [[ $word == *= ]]; then compopt -o nospace 2>/dev/null; fi
      if [[ $current == *[=:]* ]]; then word=${word#"${current%"${current##*[=:]}"}"}; fi
      COMPREPLY+=("$word")
    fi
  done < <("${1/#\~\//$HOME/}" complete -- "${words[@]}" 2>/dev/null)
}
complete -F _quartic quartic
)sh";

constexpr std::string_view zsh_script = R"sh(#compdef quartic
# Completion of quartic in zsh: source <(quartic completion zsh), or as _quartic in a folder of $fpath
_quartic() {
  local line word meaning ends
  local -a candidates shown open_ended
  for line in "${(@f)$(${(Q)~words[1]} complete -- "${(@)words[2,CURRENT-1]}" "$PREFIX" 2>/dev/null)}"; do
    [[ -n $line ]] || continue
    if [[ $line == ':files '* ]]; then
      ends=${line#:files }
      if [[ $PREFIX == --*=* ]]; then compset -P '*='; fi
      if [[ -n $ends ]]; then _files -g "*.${ends// / *.}"; else _files; fi
      continue
    fi
    word=${line%%$'\t'*} meaning=${line#*$'\t'}
    if [[ $word == *= ]]; then
      open_ended+=("$word")
    else
      candidates+=("$word")
      shown+=("$word${meaning:+  -- $meaning}")
    fi
  done
  (( $#candidates )) && compadd -l -d shown -a candidates
  (( $#open_ended )) && compadd -S '' -a open_ended
}
if [[ ${funcstack[1]} == _quartic ]]; then _quartic "$@"; else compdef _quartic quartic; fi
)sh";

constexpr std::string_view fish_script =
    R"sh(# Completion of quartic in fish: quartic completion fish | source
function __quartic_complete
    set -l words (commandline -opc)
    set -l program (string replace -r '^~/' "$HOME/" -- $words[1])
    set -e words[1]
    set -l current (commandline -ct)
    for line in ($program complete -- $words "$current" 2>/dev/null)
        if string match -q ':files*' -- $line
            set -l option (string match -r -- '^--[a-z-]+=' $current)
            set -l ends (string split -n ' ' -- (string replace ':files' '' -- $line))
            for file in (complete -C "'' "(string replace -r -- '^--[a-z-]+=' '' $current))
                set file (string split \t -- $file)[1]
                set -l end (string replace -r '.*\.' '' -- $file)
                if not set -q ends[1]; or string match -q '*/' -- $file; or contains -- $end $ends
                    echo "$option"$file
                end
            end
        else
            echo $line
        end
    end
end
complete -c quartic -f -a '(__quartic_complete)'
)sh";

struct Shell {
  std::string_view name, script;
};
constexpr Shell shells[] = {{"bash", bash_script}, {"zsh", zsh_script}, {"fish", fish_script}};

std::vector<std::string> shell_names() {
  std::vector<std::string> names;
  for (const auto& shell : shells) names.emplace_back(shell.name);
  return names;
}

ErrorCode completion(const std::string& name, const Globals& globals) {
  const auto* shell = std::find_if(std::begin(shells), std::end(shells),
                                   [&](const Shell& s) { return s.name == name; });
  write_text(std::string(shell->script), globals);
  return ErrorCode::ok;
}

const Verb completion_verb(540, "completion", completion, [](CLI::App& verb, std::string& shell) {
  verb.description(
      "completion of command lines, for a shell to read\n"
      "source <(quartic completion bash) in ~/.bashrc, source <(quartic completion zsh) in "
      "~/.zshrc "
      "after compinit, quartic completion fish | source in ~/.config/fish/config.fish.");
  verb.add_option("SHELL", shell, "of which shell")
      ->required()
      ->type_name("SHELL")
      ->check(one_of(shell_names()));
});

/// For the scripts above; no one else's.
const Verb complete_verb(990, [](CLI::App& app, Globals& globals) {
  auto* verb = app.add_subcommand("complete");
  verb->group("");
  const auto words = std::make_shared<std::vector<std::string>>();
  verb->add_option("words", *words);
  verb->callback([&app, &globals, words] {
    globals.verb = "complete";
    globals.action = [&app, words] { return answer(app, *words); };
  });
});

}  // namespace
}  // namespace quartic::app
