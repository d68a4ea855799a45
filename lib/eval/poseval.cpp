// SPDX-License-Identifier: Apache-2.0
#include "eval/poseval.h"

#include "core/error.h"
#include "core/log.h"
#include "eval/poseval_report.h"
#include "eval/poseval_scores.h"
#include "io/json.h"
#include "io/output_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace vremd {
namespace {

namespace fs = std::filesystem;

// ---- what was compared ------------------------------------------------------------------------

// Which release of labels these are, told by their counts (EVAL 10): figures of different releases
// do not compare.
std::string label_version(const PosevalScores& scores) {
  struct Release {
    PoseFormat format;
    std::size_t files, frames;
    const char* name;
  };
  static constexpr Release kReleases[] = {
      {PoseFormat::kPoseTrack17, 50, 2607, "PoseTrack17 validation"},
      {PoseFormat::kPoseTrack18, 74, 3902, "PoseTrack18 validation, labels v0.2"},
      {PoseFormat::kPoseTrack18, 170, 8923, "PoseTrack18 validation, labels v0.45"}};
  const PoseFormat format = scores.sequences.front().truth_format;
  for (const Release& one : kReleases) {
    if (one.format == format && one.files == scores.files && one.frames == scores.frames) {
      return one.name;
    }
  }
  const char* name = format == PoseFormat::kPoseTrack17 ? "PoseTrack17" : "PoseTrack18";
  return fmt::format("{}'s form, no known release", name);
}

double mean7(const JointValues& values) {
  const auto groups = joint_groups(values);
  return mean_of_numbers(groups);
}

std::string joined(const std::vector<std::string>& names) {
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string list_of(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 3;
  if (names.size() <= kShown) return joined(names);
  return joined({names.begin(), names.begin() + kShown}) + " ...";
}

void warn(const std::vector<std::string>& names, const char* what) {
  if (!names.empty()) log_warning("{} {}: {}", names.size(), what, list_of(names));
}

void warn_of(const PoseSources& sources, const PosevalScores& scores, const EvalConfig& config) {
  warn(scores.missing, "sequences without predictions");
  warn(sources.superfluous(), "predicted sequences that are not in the ground truth");
  std::vector<std::string> single;
  for (const SequenceScores& one : scores.sequences) {
    if (one.frames == 1) single.push_back(one.name);
  }
  if (config.mot) warn(single, "sequences of one annotated frame, which tracking leaves out");
  bool unranked = false;
  for (const JointSamples& samples : scores.samples) {
    unranked |= std::count(samples.scores.begin(), samples.scores.end(), kNoScore) > 0;
  }
  if (unranked) log_warning("some predicted joints have no score: they are ranked last");
}

// ---- text -------------------------------------------------------------------------------------

std::string boxes_of(const PoseSources& sources) {
  return sources.box_sources().empty() ? "not stated" : joined(sources.box_sources());
}

std::string text_of(const PoseSources& sources, const PosevalScores& scores,
                    const EvalConfig& config) {
  std::string text = fmt::format(
      "ground truth: {}; {} frames, {} people\npredictions: {} people; boxes: {}\n"
      "sequences: {} scored, {} without {} frames, {} without predictions, {} superfluous\n",
      label_version(scores), scores.frames, scores.people, scores.predicted_people,
      boxes_of(sources), scores.sequences.size(), scores.skipped.size(), config.frames,
      scores.missing.size(), sources.superfluous().size());
  text += fmt::format("# gt frames  : {0}\n# pred frames: {0}\n", scores.frames);
  if (config.ap) {
    text += official_table(scores.ap);
    text += fmt::format("Mean7 (of Head ... Ankl): {:.1f}\n", mean7(scores.ap.ap));
  }
  if (config.mot) {
    text += fmt::format("as with py-motmetrics {}\n", config.mot_compat);
    text += official_table(scores.mot);
  }
  return text;
}

// ---- JSON -------------------------------------------------------------------------------------

Json json_of(const JointValues& values) {
  Json json = Json::object();
  for (int i = 0; i < kPoseJoints; ++i) json[std::string(kPoseJointNames[i])] = values[i];
  json["Total"] = values.back();
  return json;
}

// The columns of the table and Mean7.
Json table_of(const JointValues& values) {
  static constexpr const char* kColumns[] = {"Head", "Shou", "Elb", "Wri", "Hip", "Knee", "Ankl"};
  const auto groups = joint_groups(values);
  Json json = Json::object();
  for (std::size_t i = 0; i < groups.size(); ++i) json[kColumns[i]] = groups[i];
  json["Total"] = values.back();
  json["Mean7"] = mean7(values);
  return json;
}

Json json_of(const PoseAp& scores) {
  return {{"table", table_of(scores.ap)},
          {"ap", json_of(scores.ap)},
          {"pre", json_of(scores.pre)},
          {"rec", json_of(scores.rec)}};
}

Json json_of(const PoseMot& scores, const PoseMotCounts& counts) {
  Json joints = Json::object();
  for (int i = 0; i < kPoseJoints; ++i) {
    const MotCounts& c = counts[i];
    joints[std::string(kPoseJointNames[i])] = {{"objects", c.objects},
                                               {"detections", c.detections},
                                               {"misses", c.misses},
                                               {"switches", c.switches},
                                               {"false_positives", c.false_positives}};
  }
  return {{"table", table_of(scores.mota)}, {"mota", json_of(scores.mota)},
          {"motp", json_of(scores.motp)},   {"pre", json_of(scores.pre)},
          {"rec", json_of(scores.rec)},     {"counts", joints}};
}

template <typename Scores>  // of a sequence, or of all
void put_scores(Json& json, const Scores& scores, const EvalConfig& config) {
  json["frames"] = scores.frames;
  json["people"] = scores.people;
  json["predicted_people"] = scores.predicted_people;
  if (config.ap) json["ap"] = json_of(scores.ap);
  if (config.mot) json["mot"] = json_of(scores.mot, scores.mot_counts);
}

Json json_of(const PoseSources& sources, const PosevalScores& scores, const EvalConfig& config) {
  Json json{{"tool", "vremd-eval"},
            {"version", config.version},
            {"command", config.command},
            {"ground_truth", config.ground_truth},
            {"predictions", config.predictions},
            {"labels", label_version(scores)},
            {"boxes", sources.box_sources()},
            {"frames_that_count", config.frames}};
  if (config.mot) json["mot_compat"] = config.mot_compat;
  json["sequences"] = {{"scored", scores.sequences.size()},
                       {"skipped", scores.skipped},
                       {"missing", scores.missing},
                       {"superfluous", sources.superfluous()},
                       {"cut", sources.cut()}};
  put_scores(json, scores, config);
  Json& each = json["each_sequence"] = Json::object();
  for (const SequenceScores& one : scores.sequences) put_scores(each[one.name], one, config);
  return json;
}

// ---- files ------------------------------------------------------------------------------------

void write_official_files(const PosevalScores& scores, const EvalConfig& config) {
  make_folder(config.output_dir);
  const auto write_scores = [&](const std::string& name, const auto& one) {
    // Replaced without asking, as officially: scripts run again.
    const std::string path = fs::path(config.output_dir) / name;
    const std::string& nan = config.json_nan;
    if (config.ap) write_file(path + "_AP_metrics.json", official_json(one.ap, nan), true);
    if (config.mot) write_file(path + "_MOT_metrics.json", official_json(one.mot, nan), true);
  };
  if (config.per_sequence) {
    for (const SequenceScores& one : scores.sequences) write_scores(one.name, one);
  }
  write_scores("total", scores);
}

}  // namespace

bool evaluate_poseval(const EvalConfig& config) {
  PosevalOptions options;
  options.ap = config.ap;
  options.mot = config.mot;
  options.compat = mot_compat(config.mot_compat);
  options.frames = frame_choice(config.frames);
  const PoseSources sources(config.ground_truth, config.predictions, config.threads);
  const PosevalScores scores = poseval(sources, options, config.threads);
  warn_of(sources, scores, config);
  if (!config.output_dir.empty()) write_official_files(scores, config);
  if (!config.json.empty()) {
    write_file(config.json, json_of(sources, scores, config).dump(1) + "\n", config.force);
  }
  if (config.json != "-") write_file("-", text_of(sources, scores, config), false);
  if (sources.cut()) log_warning("no end record: some records were cut");
  return !sources.cut();
}

}  // namespace vremd
