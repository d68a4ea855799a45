// SPDX-License-Identifier: Apache-2.0
#include "cli/option_names.h"

#include <algorithm>
#include <cstddef>
#include <tuple>
#include <utility>

namespace vremd::cli {
namespace {

// How many letters have to be inserted, deleted, replaced or exchanged with their neighbour.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = i + j;
        continue;
      }
      cost[i][j] = std::min(
          {cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + (a[i - 1] != b[j - 1])});
      const bool exchanged = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (exchanged) cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  }
  return cost[a.size()][b.size()];
}

// What other tools of the field call options of ours.
constexpr std::pair<std::string_view, std::string_view> kOtherNames[] = {
    {"conf", "min-score"},
    {"confidence", "min-score"},
    {"threshold", "min-score"},
    {"score-thr", "min-score"},
    {"bbox-thr", "min-score"},
    {"kpt-thr", "min-joint-score"},
    {"checkpoint", "weights"},
    {"model", "weights"},
    {"out", "output"},
    {"out-file", "output"},
    {"outdir", "output-dir"},
    {"output-root", "output-dir"},
    {"vis-out-dir", "output-dir"},
    {"imgsz", "input-size"},
    {"det-batch", "batch-size"},
    {"batch", "batch-size"},
    {"gpu", "device"},
    {"gpus", "device"},
    {"nms-thr", "nms"},
    {"iou", "nms"},
    {"half", "precision"},
    {"workers", "threads"},
    {"num-workers", "threads"},
    {"flip-test", "flip"}};

}  // namespace

std::string nearest_option(std::string_view wrong, const std::vector<std::string>& known) {
  for (const auto& [other, ours] : kOtherNames) {
    if (wrong == other && std::ranges::find(known, ours) != known.end()) return std::string(ours);
  }
  const std::size_t most = wrong.size() <= 4 ? 1 : wrong.size() / 3;
  std::string best;
  std::size_t least = most + 1;
  for (const std::string& name : known) {
    const std::size_t distance = edit_distance(wrong, name);
    if (distance < least) std::tie(best, least) = std::pair(name, distance);
  }
  if (!best.empty()) return best;
  for (const std::string& name : known) {
    if (wrong.size() >= 4 && name.find(wrong) != std::string::npos) return name;
  }
  return "";
}

}  // namespace vremd::cli
