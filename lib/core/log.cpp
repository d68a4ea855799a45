// SPDX-License-Identifier: Apache-2.0
#include "core/log.h"

#include "core/error.h"
#include "core/names.h"
#include "core/text.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <mutex>
#include <utility>

namespace vremd {
namespace {

std::string g_tool = "vremd";
LogLevel g_level = LogLevel::kNormal;
std::mutex g_mutex;
bool g_status_shown = false;
int g_json_log = -1;

// What clears the progress line, if one is shown.
const char* clear_status() { return std::exchange(g_status_shown, false) ? "\r\033[K" : ""; }

void write_to(int file, std::string_view text) noexcept {
  while (!text.empty()) {
    const ssize_t written = write(file, text.data(), text.size());
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
    if (written == 0 || (written < 0 && errno != EINTR)) return;
  }
}

// A JSON string of a text without control characters.
std::string json_string(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + '"';
}

void write_event(std::string_view fields) {
  if (g_json_log < 0) return;
  write_to(g_json_log, fmt::format("{{\"time\":\"{}\",\"tool\":{},{}}}\n", utc_now(),
                                   json_string(g_tool), fields));
}

const char* name_of(LogLevel level, std::string_view text) {
  if (level == LogLevel::kError) return "error";
  if (level > LogLevel::kNormal) return "debug";
  return text.starts_with("warning: ") ? "warning" : "info";
}

}  // namespace

void write_stderr(std::string_view text) noexcept { write_to(STDERR_FILENO, text); }

std::string utc_now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  const std::time_t seconds = ms / 1000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900,
                     parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                     ms % 1000);
}

void set_json_log(const std::string& path) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (file < 0) fail("{}: cannot open: {}", path, std::strerror(errno));
  const std::lock_guard lock(g_mutex);
  g_json_log = file;
}

void log_event(const std::string& json) {
  const std::lock_guard lock(g_mutex);
  write_event(without_credentials(std::string_view(json).substr(1, json.size() - 2)));
}

void set_log(std::string tool, LogLevel level) {
  const std::lock_guard lock(g_mutex);
  g_tool = std::move(tool);
  g_level = level;
}

LogLevel log_level() { return g_level; }

void log_line(LogLevel level, const std::string& text) {
  if (level > g_level) return;
  const std::lock_guard lock(g_mutex);
  std::fflush(stdout);
  const std::string line = one_line(without_credentials(text));
  write_stderr(fmt::format("{}{}: {}\n", clear_status(), g_tool, line));
  const char* name = name_of(level, line);
  const std::string_view prefix = "warning: ";
  write_event(
      fmt::format("\"level\":\"{}\",\"message\":{}", name,
                  json_string(line.starts_with(prefix) ? line.substr(prefix.size()) : line)));
}

void show_status(const std::string& text) {
  const std::lock_guard lock(g_mutex);
  write_stderr(clear_status() + without_credentials(text));
  g_status_shown = !text.empty();
}

}  // namespace vremd
