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
  fmt::print(stderr, "{}: {}\n", g_tool, one_line(text));
}

}  // namespace vremd
