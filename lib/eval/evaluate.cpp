// SPDX-License-Identifier: Apache-2.0
#include "eval/evaluate.h"

#include "core/error.h"
#include "core/log.h"
#include "eval/box_ap.h"
#include "eval/evaluate_oks.h"
#include "eval/match.h"
#include "eval/pck.h"
#include "eval/poseval.h"
#include "eval/pt21.h"
#include "eval/report.h"

#include <algorithm>
#include <iterator>

namespace vremd {
namespace {

PckLength pck_length_of(const std::string& name) {
  if (name == "torso") return PckLength::kTorso;
  if (name == "head") return PckLength::kHead;
  if (name == "bbox") return PckLength::kBox;
  fail("{}: no such length (there are torso, head, bbox)", name);
}

// ---- what was compared ------------------------------------------------------------------------

std::string text_of(const MatchCounts& counts) {
  return fmt::format("{} matched, {} missing, {} superfluous", counts.matched, counts.missing,
                     counts.superfluous);
}

Json json_of(const MatchCounts& counts) {
  return {{"matched", counts.matched},
          {"missing", counts.missing},
          {"superfluous", counts.superfluous}};
}

Json json_of(const Matching& matching) {
  Json sequences = json_of(matching.sequences);
  sequences["missing_names"] = matching.missing;
  sequences["superfluous_names"] = matching.superfluous;
  return {{"sequences", sequences},
          {"frames", json_of(matching.frame_counts)},
          {"other_sizes", matching.other_sizes},
          {"cut", matching.cut}};
}

std::string text_of(const Matching& matching) {
  return fmt::format("sequences: {}\nframes: {}\n", text_of(matching.sequences),
                     text_of(matching.frame_counts));
}

void warn_of(const Matching& matching) {
  warn_of_names(matching.missing, "sequences without predictions");
  warn_of_names(matching.superfluous, "videos that are not in the ground truth");
  warn_of_names(matching.other_sizes, "videos of another size than in the ground truth");
}

// ---- PCK --------------------------------------------------------------------------------------

std::string text_of(const Pck& scores, const EvalConfig& config) {
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

Json json_of(const PckCount& count) {
  return {{"pck", count.joints ? Json(count.rate()) : Json()},
          {"right", count.right},
          {"joints", count.joints}};
}

Json json_of(const Pck& scores, const EvalConfig& config) {
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

// ---- boxes ------------------------------------------------------------------------------------

BoxAp score_boxes(const Matching& matching) {
  std::vector<const MatchedFrame*> frames;
  for (const MatchedFrame& frame : matching.frames) frames.push_back(&frame);
  std::stable_sort(frames.begin(), frames.end(), [](const auto* a, const auto* b) {
    return a->truth->image_id < b->truth->image_id;
  });
  std::vector<BoxImage> images;
  for (const MatchedFrame* frame : frames) {
    BoxImage& image = images.emplace_back();
    for (const AnnotatedPerson& person : frame->truth->persons) {
      if (!person.box) fail("{}: no bbox", person.place);
      const double area = person.area.value_or(person.box->w * person.box->h);
      image.truths.push_back({*person.box, area, person.crowd});
    }
    for (const Instance& one : frame->predictions) {
      image.detections.push_back({one.box, one.box_score});
    }
  }
  return box_ap(images);
}

Json json_of(const BoxAp& scores) {
  Json json = Json::object();
  for (std::size_t i = 0; i < kBoxApNames.size(); ++i) json[kBoxApNames[i]] = scores.values[i];
  return json;
}

// PCK and box AP: annotations and records.
bool evaluate_records(const EvalConfig& config) {
  const std::vector<Annotations> truth = read_annotations(config.ground_truth);
  RecordReader records(config.predictions.front());
  const Matching matching = match(truth, records);
  warn_of(matching);
  std::string text = text_of(matching);
  Json json{{"tool", "vremd-eval"},
            {"version", config.version},
            {"command", config.command},
            {"ground_truth", config.ground_truth},
            {"predictions", config.predictions.front()},
            {"matching", json_of(matching)}};
  if (!config.pck.empty()) {
    const Pck scores = pck(matching, pck_length_of(config.pck), config.threshold);
    warn_of(scores);
    text += text_of(scores, config);
    json["pck"] = json_of(scores, config);
  }
  if (config.bbox) {
    const BoxAp scores = score_boxes(matching);
    text += scores.text();
    json["bbox"] = json_of(scores);
  }
  write_report(config, json.dump(1) + "\n", text);
  if (matching.cut) log_warning("{}: no end record: the records were cut", records.name());
  return !matching.cut;
}

}  // namespace

bool evaluate(const EvalConfig& config) {
  if (config.ap || config.mot) return evaluate_poseval(config);
  if (!config.kit.empty()) return evaluate_pt21(config);
  if (!config.oks.empty()) return evaluate_oks(config);
  return evaluate_records(config);
}

}  // namespace vremd
