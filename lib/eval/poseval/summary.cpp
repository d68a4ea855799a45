// SPDX-License-Identifier: Apache-2.0
#include "eval/poseval/summary.h"

#include "eval/poseval/official_files.h"
#include "eval/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace vremd::eval {
namespace {

// ---- what was compared ------------------------------------------------------------------------

// The release of the labels, recognised by their counts (SCORING 10): scores of different releases
// are not comparable.
std::string label_version(const PosevalScores& scores) {
  struct Release {
    annotation::AnnotationForm format;
    std::size_t files, frames;
    const char* name;
  };
  static constexpr Release kReleases[] = {
      {annotation::AnnotationForm::kPoseTrack17, 50, 2607, "PoseTrack17 validation"},
      {annotation::AnnotationForm::kCoco, 74, 3902, "PoseTrack18 validation, labels v0.2"},
      {annotation::AnnotationForm::kCoco, 170, 8923, "PoseTrack18 validation, labels v0.45"}};
  const annotation::AnnotationForm format = scores.sequences.front().truth_format;
  for (const Release& one : kReleases) {
    if (one.format == format && one.files == scores.files && one.frames == scores.frames) {
      return one.name;
    }
  }
  const char* name =
      format == annotation::AnnotationForm::kPoseTrack17 ? "PoseTrack17" : "PoseTrack18";
  return fmt::format("{}'s form, no known release", name);
}

double mean7(const JointValues& values) { return mean_of_numbers(joint_groups(values)); }

std::string boxes_of(const PoseSources& sources) {
  if (sources.box_sources().empty()) return "not stated";
  return fmt::format("{}", fmt::join(sources.box_sources(), ", "));
}

// ---- analysis ---------------------------------------------------------------------------------

constexpr const char* kVisibilityNames[] = {"hidden", "visible"};

std::string size_name(std::size_t k) {
  if (k == kHeadSizes.size()) return fmt::format("from {}", kHeadSizes.back());
  return fmt::format("below {}", kHeadSizes[k]);
}

std::string number(double value) {
  return std::isnan(value) ? "nan" : fmt::format("{:.1f}", value);
}

std::string cell(double value) { return fmt::format("{:>5}", number(value)); }

// The scores of each joint, and why predicted ones are wrong.
std::string joints_text(const PosevalScores& scores) {
  std::string text = fmt::format("{:<15}    AP   pre   rec  annotated  predicted  wrong:", "");
  for (const char* name : kWrongJointNames) text += fmt::format("  {}", name);
  text += "\n";
  for (int i = 0; i < kPoseJoints; ++i) {
    text += fmt::format("{:<15} {} {} {}  {:>9}  {:>9}        ", kPoseJointNames[i],
                        cell(scores.ap.ap[i]), cell(scores.ap.pre[i]), cell(scores.ap.rec[i]),
                        scores.samples[i].truths, scores.samples[i].scores.size());
    for (int k = 0; k < kWrongJoints; ++k) {
      text += fmt::format("  {:>{}}", scores.joint_errors.wrong[i][k],
                          std::string_view(kWrongJointNames[k]).size());
    }
    text += "\n";
  }
  return text;
}

std::string found_text(const JointErrors& errors) {
  std::string text = "joints found by head size in pixels:";
  const auto add = [&text](std::size_t k, const std::string& name, const Share& found) {
    text += fmt::format("{} {} {} % of {}", k ? "," : "", name, number(found.percent()), found.of);
  };
  for (std::size_t k = 0; k < errors.by_head_size.size(); ++k) {
    add(k, size_name(k), errors.by_head_size[k]);
  }
  text += "\njoints found by visibility:";
  for (std::size_t k = 0; k < 2; ++k) add(k, kVisibilityNames[k], errors.by_visibility[k]);
  return text + "\n";
}

// Head joints found on a shoulder, and people occluded by others.
std::string crowd_text(const PosevalScores& scores) {
  std::string text =
      fmt::format("{:<15}    AP  compared  near a shoulder  of these wrong\n", "head joints");
  for (std::size_t k = 0; k < kHeadJoints.size(); ++k) {
    const HeadJoint& joint = scores.crowd_errors.head[k];
    const Share& near = joint.near_shoulder;
    text += fmt::format("{:<15} {}  {:>8}  {:>15}  {:>14}\n", kPoseJointNames[kHeadJoints[k]],
                        cell(scores.ap.ap[kHeadJoints[k]]), near.of,
                        fmt::format("{} ({} %)", near.count, number(near.percent())), joint.wrong);
  }
  text += "overlap (IoU)      AP    people  nearer to another person's same joint\n";
  for (int k = 0; k < kOverlaps; ++k) {
    const OverlapClass& one = scores.crowd_errors.by_overlap[k];
    text += fmt::format("{:<15} {}  {:>8}  {} % of {} joints\n", kOverlapNames[k],
                        cell(one.ap.ap.back()), one.people, number(one.nearer.percent()),
                        one.nearer.of);
  }
  return text;
}

// The worst first.
std::string sequences_text(const PosevalScores& scores, bool ap) {
  std::vector<const SequenceScores*> order;
  for (const SequenceScores& one : scores.sequences) order.push_back(&one);
  const auto figure = [&](const SequenceScores* one) {
    const double value = ap ? one->ap.ap.back() : one->mot.mota.back();
    return std::isnan(value) ? -INFINITY : value;
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](const auto* a, const auto* b) { return figure(a) < figure(b); });
  std::string text =
      fmt::format("   {}  frames  people  predicted  sequence\n", ap ? " AP" : "MOTA");
  for (const SequenceScores* one : order) {
    text += fmt::format("{}{}  {:>6}  {:>6}  {:>9}  {}\n", ap ? " " : "  ",
                        cell(ap ? one->ap.ap.back() : one->mot.mota.back()), one->frames,
                        one->people, one->predicted_people, one->name);
  }
  return text;
}

std::string key(std::string name) {
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
}

Json json_of(const Share& share, const char* of, const char* count) {
  return {{of, share.of}, {count, share.count}, {"percent", share.percent()}};
}

// By the names of the joints.
template <typename Value>
Json by_joint(Value value) {
  Json json = Json::object();
  for (int i = 0; i < kPoseJoints; ++i) json[std::string(kPoseJointNames[i])] = value(i);
  return json;
}

Json json_of(const JointErrors& errors) {
  const Json wrong = by_joint([&](int i) {
    Json joint = Json::object();
    for (int k = 0; k < kWrongJoints; ++k) joint[key(kWrongJointNames[k])] = errors.wrong[i][k];
    return joint;
  });
  Json sizes = Json::object(), visibility = Json::object();
  const auto found = [](const Share& share) { return json_of(share, "annotated", "found"); };
  for (std::size_t k = 0; k < errors.by_head_size.size(); ++k) {
    sizes[key(size_name(k))] = found(errors.by_head_size[k]);
  }
  for (std::size_t k = 0; k < 2; ++k)
    visibility[kVisibilityNames[k]] = found(errors.by_visibility[k]);
  return {{"false_positives", wrong}, {"by_head_size", sizes}, {"by_visibility", visibility}};
}

// ---- everything -------------------------------------------------------------------------------

Json json_of(const JointValues& values) {
  Json json = by_joint([&](int i) { return values[i]; });
  json["Total"] = values.back();
  return json;
}

// The columns of the table and Mean7.
Json table_of(const JointValues& values) {
  const auto groups = joint_groups(values);
  Json json = Json::object();
  for (std::size_t i = 0; i < groups.size(); ++i) json[std::string(kPoseColumns[i])] = groups[i];
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
  const Json joints = by_joint([&](int i) -> Json {
    const MotCounts& c = counts[i];
    return {{"objects", c.objects},
            {"detections", c.detections},
            {"misses", c.misses},
            {"switches", c.switches},
            {"false_positives", c.false_positives}};
  });
  return {{"table", table_of(scores.mota)}, {"mota", json_of(scores.mota)},
          {"motp", json_of(scores.motp)},   {"pre", json_of(scores.pre)},
          {"rec", json_of(scores.rec)},     {"counts", joints}};
}

void put_crowd_errors(Json& analysis, const CrowdErrors& errors) {
  const auto nearer = [](const Share& share) { return json_of(share, "compared", "nearer"); };
  Json &head = analysis["head_joints"] = Json::object(), overlaps = Json::object();
  for (std::size_t k = 0; k < kHeadJoints.size(); ++k) {
    const HeadJoint& joint = errors.head[k];
    Json& one = head[std::string(kPoseJointNames[kHeadJoints[k]])] =
        json_of(joint.near_shoulder, "compared", "near_shoulder");
    one["of_these_wrong"] = joint.wrong;
  }
  for (int k = 0; k < kOverlaps; ++k) {
    const OverlapClass& one = errors.by_overlap[k];
    overlaps[key(kOverlapNames[k])] = {{"people", one.people},
                                       {"ap", table_of(one.ap.ap)},
                                       {"nearer_to_another", nearer(one.nearer)}};
  }
  analysis["by_overlap"] = std::move(overlaps);
  analysis["nearer_to_another"] = by_joint([&](int i) { return nearer(errors.nearer[i]); });
}

void put_scores(Json& json, const PoseFigures& scores, const EvalConfig& config) {
  json["frames"] = scores.frames;
  json["people"] = scores.people;
  json["predicted_people"] = scores.predicted_people;
  if (config.ap) {
    json["ap"] = json_of(scores.ap);
    json["analysis"] = json_of(scores.joint_errors);
    put_crowd_errors(json["analysis"], scores.crowd_errors);
  }
  if (config.mot) json["mot"] = json_of(scores.mot, scores.mot_counts);
}

}  // namespace

Json summary_json(const PoseSources& sources, const PosevalScores& scores,
                  const EvalConfig& config) {
  Json json = report_head(config);
  json["predictions"] = config.predictions;
  json["labels"] = label_version(scores);
  json["boxes"] = sources.box_sources();
  json["frames_that_count"] = config.frames;
  if (config.mot) json["mot_compat"] = config.mot_compat;
  json["sequences"] = {{"scored", scores.sequences.size()},
                       {"skipped", scores.skipped},
                       {"missing", scores.missing},
                       {"superfluous", sources.extra()},
                       {"cut", sources.cut()}};
  if (sources.frame_counts()) json["matching"]["frames"] = json_of(*sources.frame_counts());
  put_scores(json, scores, config);
  Json& each = json["each_sequence"] = Json::object();
  for (const SequenceScores& one : scores.sequences) put_scores(each[one.name], one, config);
  return json;
}

std::string summary_text(const PoseSources& sources, const PosevalScores& scores,
                         const EvalConfig& config) {
  std::string text = fmt::format(
      "ground truth: {}; {} frames, {} people\npredictions: {} people; boxes: {}\n"
      "sequences: {} scored, {} without {} frames, {} without predictions, {} superfluous\n",
      label_version(scores), scores.frames, scores.people, scores.predicted_people,
      boxes_of(sources), scores.sequences.size(), scores.skipped.size(), config.frames,
      scores.missing.size(), sources.extra().size());
  text += fmt::format("# gt frames  : {0}\n# pred frames: {0}\n", scores.frames);
  if (config.ap) {
    text += official_table(scores.ap);
    text += fmt::format("Mean7 (of Head ... Ankl): {:.1f}\n", mean7(scores.ap.ap));
  }
  if (config.mot) {
    text += fmt::format("as with py-motmetrics {}\n", config.mot_compat);
    text += official_table(scores.mot);
  }
  if (config.ap) {
    text += joints_text(scores) + found_text(scores.joint_errors) + crowd_text(scores);
  }
  if (config.per_sequence) text += sequences_text(scores, config.ap);
  return text;
}

}  // namespace vremd::eval
