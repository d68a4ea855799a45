// SPDX-License-Identifier: Apache-2.0
#include "eval/pck/pck_report.h"

#include "core/error.h"
#include "core/log.h"
#include "eval/report.h"

namespace vremd::eval {
namespace {

Json json_of(const PckCount& count) {
  return {{"pck", count.joints ? Json(count.rate()) : Json()},
          {"right", count.right},
          {"joints", count.joints}};
}

}  // namespace

PckLength pck_length_of(const std::string& name) {
  if (name == "torso") return PckLength::kTorso;
  if (name == "head") return PckLength::kHead;
  if (name == "bbox") return PckLength::kBox;
  fail("{}: no such length (there are torso, head, bbox)", name);
}

std::string pck_text(const Pck& scores, const EvalConfig& config) {
  std::string text = fmt::format("PCK@{} of {}\n{:<14}  {:>6}  {:>7}  {:>7}\n", config.threshold,
                                 config.pck, "", "PCK", "right", "joints");
  for (const auto& [name, count] : scores.rows()) {
    const std::string rate = count.joints ? fmt::format("{:.4f}", count.rate()) : "-";
    text += fmt::format("{:<14}  {:>6}  {:>7}  {:>7}\n", name, rate, count.right, count.joints);
  }
  text += fmt::format("persons: {} scored, {} skipped, {} without prediction\n", scores.scored,
                      scores.skipped, scores.without_prediction);
  return text;
}

Json pck_json(const Pck& scores, const EvalConfig& config) {
  Json rows = Json::object(), joints = Json::object();
  for (const auto& [name, count] : scores.rows()) rows[name] = json_of(count);
  for (const auto& [name, count] : scores.joints) joints[name] = json_of(count);
  return {{"length", config.pck},
          {"threshold", config.threshold},
          {"rows", rows},
          {"each_joint", joints},
          {"persons",
           {{"scored", scores.scored},
            {"skipped", scores.skipped},
            {"without_prediction", scores.without_prediction},
            {"matched_by_id", scores.matched_by_id},
            {"matched_by_box", scores.matched_by_box},
            {"distant_ids", scores.distant_ids}}},
          {"never_predicted", scores.never_predicted}};
}

void warn_of(const Pck& scores) {
  warn_never_predicted({scores.never_predicted.begin(), scores.never_predicted.end()});
  if (scores.distant_ids) {
    log_warning("{} ids match, but their boxes do not: are they ids of other annotations?",
                scores.distant_ids);
  }
}

}  // namespace vremd::eval
