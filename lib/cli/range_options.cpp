// SPDX-License-Identifier: Apache-2.0
#include "cli/range_options.h"

#include "cli/tool.h"
#include "core/text.h"

#include <fmt/format.h>

#include <algorithm>

namespace vremd::cli {
namespace {

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

std::int64_t frame_number(const std::string& text) {
  const auto number = number_from<std::int64_t>(text);
  require(number.has_value(), "--frames: '" + text + "' is not a valid number");
  return *number;
}

void set_frames(const std::string& text, FrameRange& range) {
  const std::size_t colon = text.find(':');
  require(colon != std::string::npos, "--frames must be A:B, not '" + text + "'");
  const std::string first = text.substr(0, colon), last = text.substr(colon + 1);
  if (!first.empty()) range.first = frame_number(first);
  if (!last.empty()) range.last = frame_number(last);
  require(range.first >= 0 && range.last > range.first,
          "--frames: '" + text + "' is an empty range");
}

void set_time(const char* option, const std::string& text, double& seconds) {
  if (text.empty()) return;
  const auto time = parse_time(text);
  require(time.has_value(),
          fmt::format("--{} must be seconds, M:SS or H:MM:SS, not '{}'", option, text));
  seconds = *time;
}

}  // namespace

void RangeOptions::add_to(Tool& tool) {
  tool.option("frames", frames, "A:B", "process only frames [A, B)");
  tool.option("start", start, "TIME", "skip frames before TIME: seconds, M:SS or H:MM:SS");
  tool.option("end", end, "TIME", "process only frames before TIME");
}

FrameRange RangeOptions::range() const {
  FrameRange range;
  require(frames.empty() || (start.empty() && end.empty()),
          "--frames cannot be used with --start and --end");
  if (!frames.empty()) set_frames(frames, range);
  set_time("start", start, range.from);
  set_time("end", end, range.to);
  require(range.to > range.from && range.to > 0, text() + " is an empty range");
  return range;
}

std::string RangeOptions::text() const {
  std::string text;
  for (const auto& [name, value] : {std::pair("--frames ", &frames), std::pair("--start ", &start),
                                    std::pair("--end ", &end)}) {
    if (value->empty()) continue;
    if (!text.empty()) text += ' ';
    text += name + *value;
  }
  return text;
}

void RangeOptions::add_settings(Json& settings) const {
  if (!frames.empty()) settings["frames"] = frames;
  if (!start.empty()) settings["start"] = parse_time(start).value();
  if (!end.empty()) settings["end"] = parse_time(end).value();
}

std::optional<double> parse_time(std::string_view text) {
  double minutes = 0;
  const auto colons = std::ranges::count(text, ':');
  if (colons > 2) return std::nullopt;
  for (int part = 0; part < colons; ++part) {
    const std::size_t colon = text.find(':');
    const std::string_view digits = text.substr(0, colon);
    if (!is_digits(digits) || digits.size() > 9) return std::nullopt;
    const double value = number_from<int>(digits).value_or(0);
    if (part > 0 && (value >= 60 || digits.size() != 2)) return std::nullopt;
    minutes = 60 * minutes + value;
    text.remove_prefix(colon + 1);
  }
  const std::string_view whole = text.substr(0, text.find('.'));
  if (!is_digits(whole) || text.ends_with('.')) return std::nullopt;
  if (text.size() > whole.size() && !is_digits(text.substr(whole.size() + 1))) return std::nullopt;
  const auto seconds = number_from<double>(text);
  if (!seconds || *seconds > 1e9) return std::nullopt;
  if (colons > 0 && (*seconds >= 60 || whole.size() != 2)) return std::nullopt;
  return 60 * minutes + *seconds;
}

}  // namespace vremd::cli
