// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/text.h"

#include <fmt/core.h>

#include <stdexcept>
#include <string>

namespace vremd {

// Something in the user's data, files or machine is wrong. The text is "place: what", lower case,
// without a full stop: it becomes the one line "tool: place: what" (cli/tool.h) and exit status 1.
// What it quotes of a file's content goes through excerpt().
struct Error : std::runtime_error {
  explicit Error(const std::string& text) : std::runtime_error(one_line(text)) {}
};

template <typename... Args>
[[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) {
  throw Error(fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace vremd
