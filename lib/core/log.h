// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/core.h>

#include <string>
#include <string_view>

namespace vremd {

// Log messages to standard error, "tool: text". Standard output is reserved for data.
enum class LogLevel { kError = -1, kNormal = 0, kVerbose = 1, kDebug = 2 };

// The only way to standard error. What cannot be written (a full disk, a closed descriptor) is
// lost.
void write_stderr(std::string_view text) noexcept;

void set_log(std::string tool, LogLevel level);
LogLevel log_level();
void log_line(LogLevel level, const std::string& text);

// --log-json: appends all further log lines to a file, as JSON: {"time", "tool", "level",
// "message"}. Error: it cannot be opened.
void set_json_log(const std::string& path);

// Adds an event to that file, if there is one: `json` is an object without "time" and "tool".
void log_event(const std::string& json);

std::string utc_now();  // ISO 8601, with milliseconds

// A progress line, redrawn in place on a terminal; "" and log_line() clear it.
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

}  // namespace vremd
