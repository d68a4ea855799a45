// SPDX-License-Identifier: Apache-2.0
#include "core/log.h"

#include "core/text.h"

#include <cstdio>
#include <mutex>

namespace vremd {
namespace {

std::string g_tool = "vremd";
LogLevel g_level = LogLevel::kNormal;
std::mutex g_mutex;
bool g_status_shown = false;

void clear_status() {
  if (g_status_shown) fmt::print(stderr, "\r\033[K");
  g_status_shown = false;
}

}  // namespace

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
  clear_status();
  fmt::print(stderr, "{}: {}\n", g_tool, one_line(text));
}

void show_status(const std::string& text) {
  const std::lock_guard lock(g_mutex);
  clear_status();
  if (text.empty()) return;
  fmt::print(stderr, "{}", text);
  std::fflush(stderr);
  g_status_shown = true;
}

}  // namespace vremd
