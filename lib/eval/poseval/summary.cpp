// SPDX-License-Identifier: Apache-2.0
#include "eval/poseval/summary.h"

#include "eval/poseval/official_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace vremd::eval {
namespace {

// ---- what was compared ------------------------------------------------------------------------

// Which release of labels these are, told by their counts (EVAL 10): figures of different releases
// do not compare.
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

double mean7(const JointValues& values) {
  const auto groups = joint_groups(values);
  return mean_of_numbers(groups);
}

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

// The figures of each joint and why predicted ones are wrong.
std::string joints_text(const PosevalScores& scores) {
  std::string text = fmt::format("{:<15}    AP   pre   rec  annotated  predicted  wrong:", "");
  for (const char* name : kWrongJointNames) text += fmt::format("  {}", name);
  text += "\n";
  for (int i = 0; i < kPoseJoints; ++i) {
    text += fmt::format("{:<15} {} {} {}  {:>9}  {:>9}        ", kPoseJointNames[i],
                        cell(scores.ap.ap[i]), cell(scores.ap.pre[i]), cell(scores.ap.rec[i]),
                        scores.samples[i].truths, scores.samples[i].scores.size());
    for (int k = 0; k < kWrongJoints; ++k) {
      text += fmt::format("  {:>{}}", scores.analysis.wrong[i][k],
                          std::string_view(kWrongJointNames[k]).size());
    }
    text += "\n";
  }
  return text;
}

std::string found_text(const PoseAnalysis& analysis) {
  std::string text = "joints found by head size in pixels:";
  for (std::size_t k = 0; k < analysis.by_head_size.size(); ++k) {
    const FoundJoints& joints = analysis.by_head_size[k];
    text += fmt::format("{} {} {} % of {}", k ? "," : "", size_name(k), number(joints.percent()),
                        joints.annotated);
  }
  text += "\njoints found by visibility:";
  for (std::size_t k = 0; k < analysis.by_visibility.size(); ++k) {
    const FoundJoints& joints = analysis.by_visibility[k];
    text += fmt::format("{} {} {} % of {}", k ? "," : "", kVisibilityNames[k],
                        number(joints.percent()), joints.annotated);
  }
  return text + "\n";
}

// Joints of the head that end on a shoulder, and people whom others cover.
std::string diagnostics_text(const PosevalScores& scores) {
  std::string text =
      fmt::format("{:<15}    AP  compared  near a shoulder  of these wrong\n", "head joints");
  for (std::size_t k = 0; k < kHeadJoints.size(); ++k) {
    const HeadJoint& joint = scores.diagnostics.head[k];
    const Share& near = joint.near_shoulder;
    text += fmt::format("{:<15} {}  {:>8}  {:>15}  {:>14}\n", kPoseJointNames[kHeadJoints[k]],
                        cell(scores.ap.ap[kHeadJoints[k]]), near.of,
                        fmt::format("{} ({} %)", near.count, number(near.percent())), joint.wrong);
  }
  text += "overlap (IoU)      AP    people  nearer to another person's same joint\n";
  for (int k = 0; k < kOverlaps; ++k) {
    const OverlapClass& one = scores.diagnostics.by_overlap[k];
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

Json json_of(const FoundJoints& joints) {
  return {{"annotated", joints.annotated}, {"found", joints.found}, {"percent", joints.percent()}};
}

Json json_of(const PoseAnalysis& analysis) {
  Json wrong = Json::object(), sizes = Json::object(), visibility = Json::object();
  for (int i = 0; i < kPoseJoints; ++i) {
    Json& joint = wrong[std::string(kPoseJointNames[i])] = Json::object();
    for (int k = 0; k < kWrongJoints; ++k) joint[key(kWrongJointNames[k])] = analysis.wrong[i][k];
  }
  for (std::size_t k = 0; k < analysis.by_head_size.size(); ++k) {
    sizes[key(size_name(k))] = json_of(analysis.by_head_size[k]);
  }
  for (std::size_t k = 0; k < analysis.by_visibility.size(); ++k) {
    visibility[kVisibilityNames[k]] = json_of(analysis.by_visibility[k]);
  }
  return {{"false_positives", wrong}, {"by_head_size", sizes}, {"by_visibility", visibility}};
}

Json json_of(const Share& share, const char* name) {
  return {{"compared", share.of}, {name, share.count}, {"percent", share.percent()}};
}

// ---- everything -------------------------------------------------------------------------------

Json json_of(const JointValues& values) {
  Json json = Json::object();
  for (int i = 0; i < kPoseJoints; ++i) json[std::string(kPoseJointNames[i])] = values[i];
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

void put_diagnostics(Json& analysis, const PoseDiagnostics& diagnostics) {
  Json &head = analysis["head_joints"] = Json::object(), overlaps = Json::object();
  for (std::size_t k = 0; k < kHeadJoints.size(); ++k) {
    const HeadJoint& joint = diagnostics.head[k];
    Json& one = head[std::string(kPoseJointNames[kHeadJoints[k]])] =
        json_of(joint.near_shoulder, "near_shoulder");
    one["of_these_wrong"] = joint.wrong;
  }
  for (int k = 0; k < kOverlaps; ++k) {
    const OverlapClass& one = diagnostics.by_overlap[k];
    overlaps[key(kOverlapNames[k])] = {{"people", one.people},
                                       {"ap", table_of(one.ap.ap)},
                                       {"nearer_to_another", json_of(one.nearer, "nearer")}};
  }
  analysis["by_overlap"] = std::move(overlaps);
  Json& nearer = analysis["nearer_to_another"] = Json::object();
  for (int i = 0; i < kPoseJoints; ++i) {
    nearer[std::string(kPoseJointNames[i])] = json_of(diagnostics.nearer[i], "nearer");
  }
}

template <typename Scores>  // of a sequence, or of all
void put_scores(Json& json, const Scores& scores, const EvalConfig& config) {
  json["frames"] = scores.frames;
  json["people"] = scores.people;
  json["predicted_people"] = scores.predicted_people;
  if (config.ap) {
    json["ap"] = json_of(scores.ap);
    json["analysis"] = json_of(scores.analysis);
    put_diagnostics(json["analysis"], scores.diagnostics);
  }
  if (config.mot) json["mot"] = json_of(scores.mot, scores.mot_counts);
}

}  // namespace

Json summary_json(const PoseSources& sources, const PosevalScores& scores,
                  const EvalConfig& config) {
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

std::string summary_text(const PoseSources& sources, const PosevalScores& scores,
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
  if (config.ap) {
    text += joints_text(scores) + found_text(scores.analysis) + diagnostics_text(scores);
  }
  if (config.per_sequence) text += sequences_text(scores, config.ap);
  return text;
}

}  // namespace vremd::eval
