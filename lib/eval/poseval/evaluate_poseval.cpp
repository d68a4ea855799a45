// SPDX-License-Identifier: Apache-2.0
#include "core/enum_names.h"
#include "core/log.h"
#include "eval/evaluate.h"
#include "eval/input/record_matching.h"
#include "eval/poseval/ap_plots.h"
#include "eval/poseval/official_files.h"
#include "eval/poseval/poseval_scores.h"
#include "io/output_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <span>

namespace vremd::eval {
namespace {

namespace fs = std::filesystem;

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

constexpr const char* kVisibilityNames[] = {"hidden", "visible"};

std::string size_name(std::size_t k) {
  if (k == kHeadSizes.size()) return fmt::format("from {}", kHeadSizes.back());
  return fmt::format("below {}", kHeadSizes[k]);
}

std::string cell(double value) { return fmt::format("{:>5}", one_decimal(value)); }

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
      text += fmt::format("  {:>{}}", scores.errors.wrong[i][k],
                          std::string_view(kWrongJointNames[k]).size());
    }
    text += "\n";
  }
  return text;
}

std::string found_text(const PoseErrors& errors) {
  std::string text = "joints found by head size in pixels:";
  const auto add = [&text](std::size_t k, const std::string& name, const Share& found) {
    text +=
        fmt::format("{} {} {} % of {}", k ? "," : "", name, one_decimal(found.percent()), found.of);
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
    const HeadJoint& joint = scores.errors.head[k];
    const Share& near = joint.near_shoulder;
    text +=
        fmt::format("{:<15} {}  {:>8}  {:>15}  {:>14}\n", kPoseJointNames[kHeadJoints[k]],
                    cell(scores.ap.ap[kHeadJoints[k]]), near.of,
                    fmt::format("{} ({} %)", near.count, one_decimal(near.percent())), joint.wrong);
  }
  text += "overlap (IoU)      AP    people  nearer to another person's same joint\n";
  for (int k = 0; k < kOverlaps; ++k) {
    const OverlapClass& one = scores.errors.by_overlap[k];
    text += fmt::format("{:<15} {}  {:>8}  {} % of {} joints\n", kOverlapNames[k],
                        cell(one.ap.ap.back()), one.people, one_decimal(one.nearer.percent()),
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

template <typename Value>
Json by_joint(Value value) {
  Json json = Json::object();
  for (int i = 0; i < kPoseJoints; ++i) json[std::string(kPoseJointNames[i])] = value(i);
  return json;
}

Json json_of(const JointValues& values) {
  Json json = by_joint([&](int i) { return values[i]; });
  json["Total"] = values.back();
  return json;
}

Json table_of(const JointValues& values) {
  const auto columns = pose_columns(values);
  Json json;
  for (std::size_t i = 0; i < columns.size(); ++i) json[kPoseColumns[i]] = columns[i];
  json["Mean7"] = mean7(values);
  return json;
}

Json json_of(const PoseRows& rows) {
  Json json{{"table", table_of(*rows.front().second)}};
  for (const auto& [name, values] : rows) json[name] = json_of(*values);
  return json;
}

Json json_of(const PoseMotCounts& counts) {
  return by_joint([&](int i) -> Json {
    const MotCounts& c = counts[i];
    return {{"objects", c.objects},
            {"detections", c.detections},
            {"misses", c.misses},
            {"switches", c.switches},
            {"false_positives", c.false_positives}};
  });
}

Json json_of(const PoseErrors& errors) {
  const auto found = [](const Share& share) { return json_of(share, "annotated", "found"); };
  const auto nearer = [](const Share& share) { return json_of(share, "compared", "nearer"); };
  Json wrong = by_joint([&](int i) {
    Json joint;
    for (int k = 0; k < kWrongJoints; ++k) joint[key(kWrongJointNames[k])] = errors.wrong[i][k];
    return joint;
  });
  Json sizes, visibility, head, overlaps;
  for (std::size_t k = 0; k < errors.by_head_size.size(); ++k) {
    sizes[key(size_name(k))] = found(errors.by_head_size[k]);
  }
  for (std::size_t k = 0; k < 2; ++k) {
    visibility[kVisibilityNames[k]] = found(errors.by_visibility[k]);
  }
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
  return {{"false_positives", wrong},
          {"by_head_size", sizes},
          {"by_visibility", visibility},
          {"head_joints", head},
          {"by_overlap", overlaps},
          {"nearer_to_another", by_joint([&](int i) { return nearer(errors.nearer[i]); })}};
}

void put_scores(Json& json, const PoseFigures& scores, const EvalConfig& config) {
  json["frames"] = scores.frames;
  json["people"] = scores.people;
  json["predicted_people"] = scores.predicted_people;
  if (config.ap) {
    json["ap"] = json_of(scores.ap.rows());
    json["analysis"] = json_of(scores.errors);
  }
  if (config.mot) {
    json["mot"] = json_of(scores.mot.rows());
    json["mot"]["counts"] = json_of(scores.mot_counts);
  }
}

// The same and all scores of each sequence; NaN becomes null.
Json summary_json(const PoseSources& sources, const PosevalScores& scores,
                  const EvalConfig& config) {
  Json json = report_head(config);
  json["labels"] = label_version(scores);
  json["boxes"] = sources.box_sources();
  json["frames_that_count"] = name_of(config.frames);
  if (config.mot) json["mot_compat"] = name_of(config.mot_compat);
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

// What was compared, the official tables, and where the precision is lost.
std::string summary_text(const PoseSources& sources, const PosevalScores& scores,
                         const EvalConfig& config) {
  std::string text = fmt::format(
      "ground truth: {}; {} frames, {} people\npredictions: {} people; boxes: {}\n"
      "sequences: {} scored, {} without {} frames, {} without predictions, {} superfluous\n",
      label_version(scores), scores.frames, scores.people, scores.predicted_people,
      box_text(sources.box_sources()), scores.sequences.size(), scores.skipped.size(),
      name_of(config.frames), scores.missing.size(), sources.extra().size());
  text += fmt::format("# gt frames  : {0}\n# pred frames: {0}\n", scores.frames);
  if (config.ap) {
    text += official_table(scores.ap);
    text += fmt::format("Mean7 (of Head ... Ankl): {:.1f}\n", mean7(scores.ap.ap));
  }
  if (config.mot) {
    text += fmt::format("as with py-motmetrics {}\n", name_of(config.mot_compat));
    text += official_table(scores.mot);
  }
  if (config.ap) {
    text += joints_text(scores) + found_text(scores.errors) + crowd_text(scores);
  }
  if (config.per_sequence) text += sequences_text(scores, config.ap);
  return text;
}

void warn_of(const PoseSources& sources, const PosevalScores& scores, const EvalConfig& config) {
  warn_of_names(scores.missing, "sequences without predictions");
  warn_of_names(sources.extra(), "predicted sequences that are not in the ground truth");
  if (sources.frame_counts()) report_frames(*sources.frame_counts());
  if (scores.other_names) {
    log_warning(
        "{} predicted frames have another name or id than the annotated frame at their place",
        scores.other_names);
  }
  std::vector<std::string> never, single;
  for (int i = 0; i < kPoseJoints && scores.predicted_people > 0; ++i) {
    if (scores.annotated_joints[i] && !scores.predicted_joints[i]) {
      never.emplace_back(kPoseJointNames[i]);
    }
  }
  warn_never_predicted(never);
  for (const SequenceScores& one : scores.sequences) {
    if (one.frames == 1) single.push_back(one.name);
  }
  if (config.mot) {
    warn_of_names(single,
                  "sequences with a single annotated frame, skipped by the tracking metrics");
  }
  const bool unranked = std::ranges::any_of(scores.samples, [](const JointSamples& samples) {
    return std::ranges::count(samples.scores, kNoScore) > 0;
  });
  if (unranked) log_warning("some predicted joints have no score and are ranked last");
}

void write_official_files(const PosevalScores& scores, const EvalConfig& config) {
  io::make_folder(config.output_dir);
  const auto write_scores = [&](const std::string& name, const auto& one) {
    // Overwrites existing files, as the official program does.
    const std::string path = fs::path(config.output_dir) / name;
    const std::string_view nan = name_of(config.json_nan);
    if (config.ap)
      io::write_file(path + "_AP_metrics.json", official_json(one.ap.rows(), nan), true);
    if (config.mot)
      io::write_file(path + "_MOT_metrics.json", official_json(one.mot.rows(), nan), true);
  };
  if (config.per_sequence) {
    for (const SequenceScores& one : scores.sequences) write_scores(one.name, one);
  }
  write_scores("total", scores);
}

void write_plots(const PosevalScores& scores, const EvalConfig& config) {
  io::make_folder(config.plots);
  const auto write = [&](const char* name, const std::string& svg) {
    io::write_file(fs::path(config.plots) / name, svg, config.force);
  };
  write("precision_recall.svg", precision_recall_svg(scores.samples, scores.ap));
  write("ap_per_joint.svg", ap_bars_svg(scores.ap));
}

}  // namespace

bool evaluate_poseval(const EvalConfig& config) {
  const PoseSources sources(config.ground_truth, config.predictions, config.threads);
  const PosevalScores scores = poseval(sources, config);
  warn_of(sources, scores, config);
  if (!config.output_dir.empty()) write_official_files(scores, config);
  if (!config.plots.empty()) write_plots(scores, config);
  std::string text = summary_text(sources, scores, config);
  Json json = config.json.empty() ? Json() : summary_json(sources, scores, config);
  bool cut = sources.cut();
  if (config.bootstrap > 0) {
    std::shared_ptr<const Resampled> other;
    if (!config.compare.empty()) {
      const PoseSources others(config.ground_truth, {config.compare}, config.threads);
      other = poseval(others, config).resampled;
      warn_of_names(others.extra(), "predicted sequences that are not in the ground truth");
      cut = cut || others.cut();
    }
    add_bootstrap(config, *scores.resampled, other.get(), "sequences", text, json);
  }
  write_report(config, config.json.empty() ? "" : json.dump(1) + "\n", text);
  return !cut;
}

}  // namespace vremd::eval
