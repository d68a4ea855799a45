// SPDX-License-Identifier: Apache-2.0
#include "core/log.h"
#include "eval/pt21/pt21_scores.h"
#include "eval/report.h"
#include "io/json_file.h"
#include "io/output_file.h"

#include <algorithm>
#include <filesystem>

namespace vremd::eval {
namespace {

namespace fs = std::filesystem;

struct Tracker {
  std::string name;  // "" if it is the only one
  std::vector<std::string> predictions;
};

// The kit's folders of results contain the files, a folder `sequences` of them, or a folder with
// `sequences` for each tracker (SCORING 7).
std::vector<Tracker> trackers_of(const std::vector<std::string>& predictions) {
  std::error_code ignored;
  const Tracker as_given{"", predictions};
  const std::string& path = predictions.front();
  if (predictions.size() > 1 || path == "-" || !fs::is_directory(path, ignored)) {
    return {as_given};
  }
  if (!io::files_in(path, ".json").empty() || !io::files_in(path, ".jsonl").empty())
    return {as_given};
  const auto sequences_of = [](const fs::path& folder) { return (folder / "sequences").string(); };
  if (fs::is_directory(sequences_of(path), ignored)) return {{"", {sequences_of(path)}}};
  std::vector<Tracker> trackers;
  for (const fs::directory_entry& entry : fs::directory_iterator(path)) {
    const std::string name = entry.path().filename(), inside = sequences_of(entry.path());
    const bool hidden = name.starts_with('.');
    if (!hidden && fs::is_directory(inside, ignored)) trackers.push_back({name, {inside}});
  }
  std::sort(trackers.begin(), trackers.end(),
            [](const Tracker& a, const Tracker& b) { return a.name < b.name; });
  return trackers.empty() ? std::vector{as_given} : trackers;
}

void warn_of(const PoseSources& sources, const Pt21Sequence& total, bool truncate) {
  warn_of_names(sources.extra(), "predicted sequences that are not in the ground truth");
  if (sources.frame_counts()) report_frames(*sources.frame_counts());
  std::vector<std::string> never;
  for (int i = 0; i < kPoseJoints && total.predicted_people > 0; ++i) {
    const JointSamples& samples = total.samples[i];
    if (samples.truths > 0 && samples.scores.empty()) never.emplace_back(kPoseJointNames[i]);
  }
  warn_never_predicted(never);
  if (total.integer_frames > 0 && !truncate) {
    log_warning(
        "{} frames: all keypoints are integers; the kit would truncate the scores "
        "(--compat-int-trunc)",
        total.integer_frames);
  }
}

}  // namespace

bool evaluate_pt21(const EvalConfig& config) {
  const std::vector<Tracker> trackers = trackers_of(config.predictions);
  Json each = Json::object();
  std::string text;
  bool complete = true;
  for (const Tracker& tracker : trackers) {
    const PoseSources sources(config.ground_truth, tracker.predictions, config.threads);
    const Pt21Scores scores =
        pt21_scores(sources, {config.hota_fix, config.compat_int_trunc}, config.threads);
    const Pt21Sequence& total = scores.total;
    warn_of(sources, total, config.compat_int_trunc);
    const std::string prefix = tracker.name.empty() ? "" : tracker.name + ": ";
    log_info("{}{} sequences, {} labelled frames, {} annotated, {} predicted people", prefix,
             scores.sequences.size(), total.frames, total.people, total.predicted_people);
    each[tracker.name] = pt21_json(scores);
    if (!tracker.name.empty()) text += tracker.name + ":\n";
    text += pt21_text(scores);
    if (sources.cut()) log_warning("{}no end record: some records are truncated", prefix);
    complete &= !sources.cut();
  }
  for (const auto& [name, scores] : each.items()) {
    if (config.output_dir.empty()) break;
    const std::string folder = fs::path(config.output_dir) / name;
    io::make_folder(folder);
    io::write_file(fs::path(folder) / "posetrack21.json", scores.dump() + "\n", true);
  }
  const bool several = !trackers.front().name.empty();
  const Json json = several ? Json{{"trackers", each}} : each.front();
  write_report(config, json.dump() + "\n", text);
  return complete;
}

}  // namespace vremd::eval
