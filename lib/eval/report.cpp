// SPDX-License-Identifier: Apache-2.0
#include "eval/report.h"

#include "core/log.h"
#include "io/output_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace vremd {

void warn_of_names(const std::vector<std::string>& names, const char* what) {
  constexpr std::size_t kShown = 3;
  if (names.empty()) return;
  const auto end = names.begin() + static_cast<std::ptrdiff_t>(std::min(kShown, names.size()));
  log_warning("{} {}: {}{}", names.size(), what, fmt::join(names.begin(), end, ", "),
              names.size() > kShown ? " ..." : "");
}

void warn_never_predicted(const std::vector<std::string>& joints) {
  if (joints.empty()) return;
  log_warning("annotated, but never predicted (all missed): {}", fmt::join(joints, " "));
}

void write_report(const EvalConfig& config, const std::string& json, const std::string& text) {
  if (!config.json.empty()) write_file(config.json, json, config.force);
  if (config.json != "-") write_file("-", text, false);
}

}  // namespace vremd
