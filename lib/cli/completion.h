// SPDX-License-Identifier: Apache-2.0
#pragma once

// Scripts that let shells complete the options of a tool.

#include "core/enum_names.h"

#include <array>
#include <string>
#include <vector>

namespace vremd::cli {

enum class Shell { kBash, kZsh, kFish };
constexpr auto enum_names(Shell) { return std::array{"bash", "zsh", "fish"}; }

struct CompletedOption {
  std::string name;                  // long, without dashes
  char letter = 0;                   // 0: none
  std::string argument;              // "FILE"; "": a switch
  bool optional_argument = false;    // only as --name=ARGUMENT
  std::vector<std::string> choices;  // of the argument; empty: anything
  std::string help;
};

// The script of a tool whose arguments are files.
std::string completion_script(Shell shell, const std::string& tool,
                              const std::vector<CompletedOption>& options);

}  // namespace vremd::cli
