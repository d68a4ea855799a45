// SPDX-License-Identifier: Apache-2.0
#include "cli/completion.h"

#include "core/names.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace vremd::cli {
namespace {

bool is_path(const CompletedOption& option) {
  constexpr std::array kPaths{"FILE", "DIR", "PATH", "LIST"};
  return std::ranges::find(kPaths, option.argument) != kPaths.end();
}

bool has_own_word(const CompletedOption& option) {
  return !option.argument.empty() && !option.optional_argument;
}

// The letter and the name, with dashes.
std::vector<std::string> words_of(const CompletedOption& option) {
  std::vector<std::string> words;
  if (option.letter) words.push_back(fmt::format("-{}", option.letter));
  words.push_back("--" + option.name);
  return words;
}

std::string escaped(const std::string& text, std::string_view special) {
  std::string result;
  for (const char c : text) {
    if (special.find(c) != special.npos) result += '\\';
    result += c;
  }
  return result;
}

std::string function_name(std::string tool) {  // of a shell
  std::ranges::replace(tool, '-', '_');
  return "_" + tool;
}

std::string bash_script(const std::string& tool, const std::vector<CompletedOption>& options) {
  std::string cases, words;
  for (const CompletedOption& one : options) {
    const std::string value = one.argument.empty() || has_own_word(one) ? "" : "=";
    words += fmt::format(" --{}{}", one.name, value);
    if (!has_own_word(one)) continue;
    const std::string pattern = fmt::format("{}", fmt::join(words_of(one), " | "));
    if (!one.choices.empty()) {
      cases += fmt::format(
          "    {})\n      COMPREPLY=($(compgen -W \"{}\" -- \"$cur\"))\n      return ;;\n", pattern,
          fmt::join(one.choices, " "));
    } else {
      cases +=
          fmt::format("    {}) {}return ;;\n", pattern, is_path(one) ? "" : "compopt +o default; ");
    }
  }
  return fmt::format(
      "# bash completion of {0}, written by {0} --completion bash\n"
      "{1}() {{\n"
      "  local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD - 1]}}\n"
      "  COMPREPLY=()\n"
      "  case $prev in\n{2}  esac\n"
      "  case $cur in\n"
      "    -*) COMPREPLY=($(compgen -W \"{3}\" -- \"$cur\")) ;;\n"
      "  esac\n"
      "}}\n"
      "complete -o default -F {1} {0}\n",
      tool, function_name(tool), cases, words.substr(1));
}

std::string zsh_script(const std::string& tool, const std::vector<CompletedOption>& options) {
  std::string specs;
  for (const CompletedOption& one : options) {
    std::string spec = fmt::format("[{}]", escaped(one.help, "[]:\\"));
    if (!one.argument.empty()) {
      spec += fmt::format("{}:{}:", one.optional_argument ? ":" : "", escaped(one.argument, ":"));
      if (!one.choices.empty()) spec += fmt::format("({})", fmt::join(one.choices, " "));
      if (is_path(one)) spec += one.argument == "DIR" ? "_files -/" : "_files";
    }
    const char* after_name = one.argument.empty() ? "" : one.optional_argument ? "=-" : "=";
    if (one.letter) {
      specs += fmt::format("  '(-{0} --{1})'{{-{0}{2},--{1}{3}}}{4} \\\n", one.letter, one.name,
                           has_own_word(one) ? "+" : "", after_name, shell_quoted(spec));
    } else {
      specs += fmt::format("  {} \\\n", shell_quoted("--" + one.name + after_name + spec));
    }
  }
  return fmt::format(
      "#compdef {0}\n# written by {0} --completion zsh\n_arguments -s -S \\\n{1}  "
      "'*:file:_files'\n",
      tool, specs);
}

std::string fish_script(const std::string& tool, const std::vector<CompletedOption>& options) {
  std::string text = fmt::format("# written by {0} --completion fish\n", tool);
  for (const CompletedOption& one : options) {
    text += fmt::format("complete -c {} -l {}", tool, one.name);
    if (one.letter) text += fmt::format(" -s {}", one.letter);
    if (has_own_word(one)) text += is_path(one) ? " -r -F" : " -x";
    if (has_own_word(one) && !one.choices.empty()) {
      text += fmt::format(" -a '{}'", fmt::join(one.choices, " "));
    }
    text += fmt::format(" -d '{}'\n", escaped(one.help, "'\\"));
  }
  return text;
}

}  // namespace

std::string completion_script(Shell shell, const std::string& tool,
                              const std::vector<CompletedOption>& options) {
  switch (shell) {
    case Shell::kBash: return bash_script(tool, options);
    case Shell::kZsh: return zsh_script(tool, options);
    case Shell::kFish: break;
  }
  return fish_script(tool, options);
}

}  // namespace vremd::cli
