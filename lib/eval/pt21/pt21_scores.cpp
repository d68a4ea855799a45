// SPDX-License-Identifier: Apache-2.0
#include "eval/pt21/pt21_scores.h"

#include "core/log.h"
#include "core/parallel.h"
#include "eval/pose/resampled_ap.h"
#include "eval/pt21/pt21_frames.h"
#include "io/json_file.h"
#include "io/output_file.h"
#include "io/records.h"

#include <fmt/ranges.h>

#include <filesystem>
#include <map>

namespace vremd::eval {
namespace {

namespace fs = std::filesystem;

Pt21Sequence score_sequence(const PoseSources& sources, std::size_t i, const EvalConfig& config) {
  const annotation::PoseFile truth = sources.read_truth(i);
  const Pt21Frames kept =
      pt21_frames(truth, sources.read_predictions(i, truth), config.compat_int_trunc);
  Pt21Sequence scores;
  scores.file = fs::path(truth.path).filename();
  scores.frames = kept.frames.size();
  scores.integer_frames = kept.integer_frames;
  for (const ScoredFrame& frame : kept.frames) {
    scores.people += static_cast<std::int64_t>(frame.truth.size());
    scores.predicted_people += static_cast<std::int64_t>(frame.predicted.size());
    add_samples(frame, scores.samples);
  }
  scores.ap = pose_ap(scores.samples, MissingTruth::kZero);
  scores.hota = hota(kept.frames, config.hota_fix);
  return scores;
}

Pt21Sequence combine(std::vector<Pt21Sequence>& sequences) {
  Pt21Sequence total;
  std::vector<Hota> each;
  for (Pt21Sequence& one : sequences) {
    total.frames += one.frames;
    total.integer_frames += one.integer_frames;
    total.people += one.people;
    total.predicted_people += one.predicted_people;
    move_samples(one.samples, total.samples);
    each.push_back(one.hota);
  }
  total.ap = pose_ap(total.samples, MissingTruth::kZero);
  total.hota = combined_hota(each);
  return total;
}

std::array<double, kPoseColumns.size()> table_of(const JointValues& values) {
  auto row = pose_columns(values);
  // The last bit depends on the kit's order of joints.
  std::array<double, kPoseJoints> ordered;
  for (int i = 0; i < kPoseJoints; ++i) ordered[i] = values[kPoseJointsDownward[i]];
  row.back() = mean_of_numbers(ordered);
  return row;
}

constexpr std::pair<const char*, JointValues PoseAp::*> kMapRows[] = {
    {"map", &PoseAp::ap}, {"precision", &PoseAp::pre}, {"recall", &PoseAp::rec}};

class ResampledPt21 : public Resampled {
 public:
  explicit ResampledPt21(std::span<const Pt21Sequence> sequences)
      : hotas_(hotas_of(sequences)), ranked_(samples_of(sequences), MissingTruth::kZero) {}

  std::size_t units() const override { return hotas_.size(); }

  std::vector<FigureName> names() const override {
    constexpr int kDecimals = 2;
    std::vector<FigureName> names;
    for (const auto& [name, rate] : hota_rates({})) names.push_back({name, kDecimals});
    for (const char* column : kPoseColumns) {
      names.push_back({fmt::format("mAP {}", column), kDecimals});
    }
    return names;
  }

  std::vector<double> figures(std::span<const std::uint32_t> times) const override {
    std::vector<double> figures;
    for (const auto& [name, rate] : hota_rates(combined_hota(hotas_, times))) {
      figures.push_back(rate);
    }
    const auto columns = table_of(ranked_.ap(times));
    figures.insert(figures.end(), columns.begin(), columns.end());
    return figures;
  }

 private:
  static std::vector<Hota> hotas_of(std::span<const Pt21Sequence> sequences) {
    std::vector<Hota> hotas;
    for (const Pt21Sequence& one : sequences) hotas.push_back(one.hota);
    return hotas;
  }
  static std::vector<const PoseSamples*> samples_of(std::span<const Pt21Sequence> sequences) {
    std::vector<const PoseSamples*> samples;
    for (const Pt21Sequence& one : sequences) samples.push_back(&one.samples);
    return samples;
  }

  std::vector<Hota> hotas_;  // of each unit
  RankedPoses ranked_;
};

// A line of names and a line of values for each kind.
std::string map_summary(const PoseAp& scores) {
  std::string text;
  for (const auto& [name, values] : kMapRows) {
    text += fmt::format("{} & {}\n", name, fmt::join(kPoseColumns, " & "));
    for (const double value : table_of(scores.*values)) text += fmt::format(" & {:.1f}", value);
    text += "\n";
  }
  return text;
}

Json json_of(const Hota& scores) {
  Json json = Json::object();
  for (const auto& [name, score] : kHotaFields) {
    for (const HotaRow& row : scores) {
      Json& list = json[name].emplace_back(Json::array());
      for (const HotaScores& one : row) list.push_back(one.*score);
    }
  }
  for (const auto& [name, score] : {HotaField{"HOTA(0)", &HotaScores::hota},
                                    {"LocA(0)", &HotaScores::loc_a},
                                    {"HOTALocA(0)", &HotaScores::hota_loc_a},
                                    {"HOTA_TP(0)", &HotaScores::tp},
                                    {"HOTA_FN(0)", &HotaScores::fn},
                                    {"HOTA_FP(0)", &HotaScores::fp}}) {
    for (const HotaScores& one : scores[0]) json[name].push_back(one.*score);
  }
  return json;
}

Json json_of(const PoseAp& scores) {
  Json json = Json::object();
  for (const auto& [name, values] : kMapRows) {
    const auto row = table_of(scores.*values);
    for (std::size_t i = 0; i < row.size(); ++i) json[name][kPoseColumns[i]] = row[i];
  }
  return json;
}

// The predictions of each tracker by its name, "" if it is the only one. The kit's folders of
// results contain the files, a folder `sequences` of them, or a folder with `sequences` for each
// tracker (SCORING 7).
std::map<std::string, std::vector<std::string>> trackers_of(
    const std::vector<std::string>& predictions) {
  std::error_code ignored;
  const std::string& path = predictions.front();
  if (predictions.size() > 1 || path == "-" || !fs::is_directory(path, ignored) ||
      !io::files_in(path, ".json").empty() || !io::record_files_in(path).empty()) {
    return {{"", predictions}};
  }
  const auto sequences_of = [](const fs::path& folder) { return (folder / "sequences").string(); };
  if (fs::is_directory(sequences_of(path), ignored)) return {{"", {sequences_of(path)}}};
  std::map<std::string, std::vector<std::string>> trackers;
  for (const fs::directory_entry& entry : fs::directory_iterator(path)) {
    const std::string name = entry.path().filename(), inside = sequences_of(entry.path());
    const bool hidden = name.starts_with('.');
    if (!hidden && fs::is_directory(inside, ignored)) trackers[name] = {inside};
  }
  if (trackers.empty()) trackers[""] = predictions;
  return trackers;
}

}  // namespace

Pt21Scores pt21_scores(const PoseSources& sources, const EvalConfig& config) {
  Pt21Scores scores;
  scores.sequences.resize(sources.size());
  for_each_index(sources.size(), config.threads,
                 [&](std::size_t i) { scores.sequences[i] = score_sequence(sources, i, config); });
  if (config.bootstrap > 0) scores.resampled = std::make_shared<ResampledPt21>(scores.sequences);
  scores.total = combine(scores.sequences);
  return scores;
}

std::string pt21_text(const Pt21Scores& scores) {
  const auto heading = [&](const char* metrics) {
    return fmt::format(
        "\nEvaluating 1 tracker(s) on {} sequence(s) for 1 class(es) on PoseTrack dataset using "
        "the following metrics: {}\n\n\nEvaluating sequences\n\n",
        scores.sequences.size(), metrics);
  };
  return heading("HOTAeypoints, Count") + hota_summary(scores.total.hota) + "\n" +
         heading("PosemAP") + map_summary(scores.total.ap) + "\n";
}

Json pt21_json(const Pt21Scores& scores) {
  Json hota_of_each = Json::object(), map_of_each = Json::object();
  for (const Pt21Sequence& one : scores.sequences) {
    hota_of_each[one.file] = json_of(one.hota);
    map_of_each[one.file] = json_of(one.ap);
  }
  return {{"hota",
           {{"combined", json_of(scores.total.hota)},
            {"sequences", hota_of_each},
            {"pose_hota_results.txt", hota_summary(scores.total.hota)}}},
          {"map",
           {{"combined", json_of(scores.total.ap)},
            {"sequences", map_of_each},
            {"pose_hota_results.txt", map_summary(scores.total.ap)}}}};
}

bool evaluate_pt21(const EvalConfig& config) {
  Json each = Json::object(), own = Json::object();  // own: what the kit's file does not have
  std::string text;
  bool complete = true;
  for (const auto& [tracker, predictions] : trackers_of(config.predictions)) {
    const PoseSources sources(config.ground_truth, predictions, config.threads);
    const Pt21Scores scores = pt21_scores(sources, config);
    const Pt21Sequence& total = scores.total;
    warn_of_names(sources.extra(), "predicted sequences that are not in the ground truth");
    if (sources.frame_counts()) report_frames(*sources.frame_counts());
    std::vector<std::string> never;
    for (int i = 0; i < kPoseJoints && total.predicted_people > 0; ++i) {
      const JointSamples& samples = total.samples[i];
      if (samples.truths > 0 && samples.scores.empty()) never.emplace_back(kPoseJointNames[i]);
    }
    warn_never_predicted(never);
    if (total.integer_frames > 0 && !config.compat_int_trunc) {
      log_warning(
          "{} frames: all keypoints are integers; the kit would truncate the scores "
          "(--compat-int-trunc)",
          total.integer_frames);
    }
    const std::string prefix = tracker.empty() ? "" : tracker + ": ";
    log_info("{}{} sequences, {} labelled frames, {} annotated, {} predicted people", prefix,
             scores.sequences.size(), total.frames, total.people, total.predicted_people);
    each[tracker] = pt21_json(scores);
    if (!tracker.empty()) text += tracker + ":\n";
    text += pt21_text(scores);
    complete &= !sources.cut();
    if (config.bootstrap == 0) continue;
    std::shared_ptr<const Resampled> other;
    if (!config.compare.empty()) {
      const PoseSources others(config.ground_truth, {config.compare}, config.threads);
      other = pt21_scores(others, config).resampled;
      complete &= !others.cut();
    }
    add_bootstrap(config, *scores.resampled, other.get(), "sequences", text, own[tracker]);
  }
  for (const auto& [name, scores] : each.items()) {
    if (config.output_dir.empty()) break;
    const std::string folder = fs::path(config.output_dir) / name;
    io::make_folder(folder);
    io::write_file(fs::path(folder) / "posetrack21.json", scores.dump() + "\n", true);
  }
  for (const auto& [tracker, more] : own.items()) each[tracker].update(more);
  const Json json = each.contains("") ? each.front() : Json{{"trackers", each}};
  write_report(config, json.dump() + "\n", text);
  return complete;
}

}  // namespace vremd::eval
