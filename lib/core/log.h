// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/core.h>

#include <string>

namespace vremd {

// Levelled talk on standard error, "tool: text". Standard output is for data alone.
enum class LogLevel { kError = -1, kNormal = 0, kVerbose = 1, kDebug = 2 };

void set_log(std::string tool, LogLevel level);
LogLevel log_level();
void log_line(LogLevel level, const std::string& text);

// A line of progress, redrawn in place on a terminal; "" clears it. log_line() clears it first.
void show_status(const std::string& text);

template <typename... Args>
void log_error(fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::kError, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void log_warning(fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::kNormal, "warning: " + fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void log_info(fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::kNormal, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void log_verbose(fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::kVerbose, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void log_debug(fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::kDebug, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace vremd
