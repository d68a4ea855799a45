// SPDX-License-Identifier: Apache-2.0
#include "eval/report.h"

#include "core/log.h"
#include "core/text.h"
#include "io/output_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace vremd::eval {

std::string text_of(const MatchCounts& counts) {
  return fmt::format("{} matched, {} missing, {} superfluous", counts.matched, counts.missing,
                     counts.extra);
}

Json json_of(const MatchCounts& counts) {
  return {{"matched", counts.matched}, {"missing", counts.missing}, {"superfluous", counts.extra}};
}

void warn_of_names(const std::vector<std::string>& names, const char* what) {
  constexpr std::size_t kShown = 3;
  if (names.empty()) return;
  std::vector<std::string> shown;
  for (std::size_t i = 0; i < std::min(kShown, names.size()); ++i) {
    shown.push_back(excerpt(names[i], kPathExcerptBytes));
  }
  log_warning("{} {}: {}{}", names.size(), what, fmt::join(shown, ", "),
              names.size() > kShown ? " ..." : "");
}

void warn_never_predicted(const std::vector<std::string>& joints) {
  if (joints.empty()) return;
  constexpr std::size_t kMostBytes = 1000;
  const auto derived = [](const std::string& joint) {
    return joint == "head_bottom" || joint == "head_top";
  };
  log_warning("annotated, but never predicted (all missed): {}{}",
              excerpt(fmt::format("{}", fmt::join(joints, " ")), kMostBytes),
              std::any_of(joints.begin(), joints.end(), derived)
                  ? "; vremd-convert --joints posetrack15 derives them from others"
                  : "");
}

void report_frames(const MatchCounts& counts) {
  if (counts.missing || counts.extra) {
    log_warning("frames: {}", text_of(counts));
  } else {
    log_info("frames: {}", text_of(counts));
  }
}

Json report_head(const EvalConfig& config) {
  return {{"tool", "vremd-eval"},
          {"version", config.version},
          {"command", config.command},
          {"ground_truth", config.ground_truth}};
}

void write_report(const EvalConfig& config, const std::string& json, const std::string& text) {
  if (!config.json.empty()) io::write_file(config.json, json, config.force);
  if (config.json != "-") io::write_file("-", text, false);
}

}  // namespace vremd::eval
