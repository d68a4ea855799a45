// SPDX-License-Identifier: Apache-2.0
#include "core/error.h"
#include "core/log.h"
#include "eval/poseval/ap_plots.h"
#include "eval/poseval/official_files.h"
#include "eval/poseval/summary.h"
#include "eval/report.h"
#include "io/output_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace vremd::eval {
namespace {

namespace fs = std::filesystem;

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
  bool unranked = false;
  for (const JointSamples& samples : scores.samples) {
    unranked |= std::count(samples.scores.begin(), samples.scores.end(), kNoScore) > 0;
  }
  if (unranked) log_warning("some predicted joints have no score and are ranked last");
}

void write_official_files(const PosevalScores& scores, const EvalConfig& config) {
  io::make_folder(config.output_dir);
  const auto write_scores = [&](const std::string& name, const auto& one) {
    // Overwrites existing files, as the official program does.
    const std::string path = fs::path(config.output_dir) / name;
    const std::string& nan = config.json_nan;
    if (config.ap) io::write_file(path + "_AP_metrics.json", official_json(one.ap, nan), true);
    if (config.mot) io::write_file(path + "_MOT_metrics.json", official_json(one.mot, nan), true);
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
  const PosevalOptions options{config.ap, config.mot, mot_compat(config.mot_compat),
                               frame_choice(config.frames)};
  const PoseSources sources(config.ground_truth, config.predictions, config.threads);
  const PosevalScores scores = poseval(sources, options, config.threads);
  warn_of(sources, scores, config);
  if (!config.output_dir.empty()) write_official_files(scores, config);
  if (!config.plots.empty()) write_plots(scores, config);
  const std::string json =
      config.json.empty() ? "" : summary_json(sources, scores, config).dump(1) + "\n";
  write_report(config, json, summary_text(sources, scores, config));
  if (sources.cut()) log_warning("no end record: some records are truncated");
  return !sources.cut();
}

}  // namespace vremd::eval
