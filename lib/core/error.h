// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/text.h"

#include <fmt/core.h>

#include <stdexcept>
#include <string>

namespace vremd {

// An error in the user's data, files or machine. The text is "place: what", lower case, without a
// full stop; tools print "tool: place: what" in one line and exit with status 1 (cli/tool.h).
// Quoted file content must pass through excerpt().
struct Error : std::runtime_error {
  explicit Error(const std::string& text) : std::runtime_error(one_line(text)) {}
};

template <typename... Args>
[[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) {
  throw Error(fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace vremd
