// SPDX-License-Identifier: Apache-2.0
#include "core/log.h"

#include "core/text.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <mutex>
#include <utility>

namespace vremd {
namespace {

std::string g_tool = "vremd";
LogLevel g_level = LogLevel::kNormal;
std::mutex g_mutex;
bool g_status_shown = false;

// What clears the progress line, if one is shown.
const char* clear_status() { return std::exchange(g_status_shown, false) ? "\r\033[K" : ""; }

}  // namespace

void write_stderr(std::string_view text) noexcept {
  while (!text.empty()) {
    const ssize_t written = write(STDERR_FILENO, text.data(), text.size());
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
    if (written == 0 || (written < 0 && errno != EINTR)) return;
  }
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
  write_stderr(fmt::format("{}{}: {}\n", clear_status(), g_tool, one_line(text)));
}

void show_status(const std::string& text) {
  const std::lock_guard lock(g_mutex);
  write_stderr(clear_status() + text);
  g_status_shown = !text.empty();
}

}  // namespace vremd
