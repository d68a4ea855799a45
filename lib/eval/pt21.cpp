// SPDX-License-Identifier: Apache-2.0
#include "eval/pt21.h"

#include "core/log.h"
#include "core/parallel.h"
#include "eval/hota.h"
#include "eval/pose_ap.h"
#include "eval/pose_sources.h"
#include "eval/pt21_frames.h"
#include "io/json.h"
#include "io/output_file.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>

namespace vremd {
namespace {

namespace fs = std::filesystem;

struct Scores {
  std::string file;  // the name of the ground truth's
  std::size_t frames = 0, integer_frames = 0;
  std::int64_t people = 0, predicted_people = 0;
  Hota hota;
  PoseSamples samples;
  PoseAp ap;
};

Scores score_sequence(const PoseSources& sources, std::size_t i, const EvalConfig& config) {
  const PoseFile truth = sources.read_truth(i);
  const Pt21Frames kept =
      pt21_frames(truth, sources.read_predictions(i, truth), config.compat_int_trunc);
  Scores scores;
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

Scores combine(const std::vector<Scores>& sequences) {
  Scores total;
  std::vector<Hota> each;
  for (const Scores& one : sequences) {
    total.frames += one.frames;
    total.integer_frames += one.integer_frames;
    total.people += one.people;
    total.predicted_people += one.predicted_people;
    for (int i = 0; i < kPoseJoints; ++i) total.samples[i].append(one.samples[i]);
    each.push_back(one.hota);
  }
  total.ap = pose_ap(total.samples, MissingTruth::kZero);
  total.hota = combined_hota(each);
  return total;
}

// ---- text -------------------------------------------------------------------------------------

constexpr std::array<const char*, 8> kColumns = {"Head", "Shou", "Elb",  "Wri",
                                                 "Hip",  "Knee", "Ankl", "Total"};

std::array<double, 8> table_of(const JointValues& values) {
  std::array<double, 8> row;
  const auto groups = joint_groups(values);
  std::copy(groups.begin(), groups.end(), row.begin());
  row.back() = values.back();
  return row;
}

// Names and values, once for each kind.
std::string map_summary(const PoseAp& scores) {
  std::string text;
  const auto add = [&text](const char* name, const JointValues& values) {
    text += name;
    for (const char* column : kColumns) text += fmt::format(" & {}", column);
    text += "\n";
    for (const double value : table_of(values)) text += fmt::format(" & {:.1f}", value);
    text += "\n";
  };
  add("map", scores.ap);
  add("precision", scores.pre);
  add("recall", scores.rec);
  return text;
}

// The kit's two runs.
std::string text_of(const Scores& total, std::size_t sequences) {
  const auto heading = [&](const char* metrics) {
    return fmt::format(
        "\nEvaluating 1 tracker(s) on {} sequence(s) for 1 class(es) on PoseTrack dataset using the "
        "following metrics: {}\n\n\nEvaluating sequences\n\n",
        sequences, metrics);
  };
  return heading("HOTAeypoints, Count") + hota_summary(total.hota) + "\n" + heading("PosemAP") +
         map_summary(total.ap) + "\n";
}

// ---- JSON -------------------------------------------------------------------------------------

Json json_of(const Hota& scores) {
  Json json = Json::object();
  for (const HotaField& field : kHotaFields) json[field.name] = scores.*field.table;
  json["HOTA(0)"] = scores.hota[0];
  json["LocA(0)"] = scores.loc_a[0];
  json["HOTALocA(0)"] = scores.hota_loc_a_0;
  json["HOTA_TP(0)"] = scores.tp[0];
  json["HOTA_FN(0)"] = scores.fn[0];
  json["HOTA_FP(0)"] = scores.fp[0];
  return json;
}

Json json_of(const PoseAp& scores) {
  Json json = Json::object();
  const auto add = [&json](const char* name, const JointValues& values) {
    const auto row = table_of(values);
    for (std::size_t i = 0; i < row.size(); ++i) json[name][kColumns[i]] = row[i];
  };
  add("map", scores.ap);
  add("precision", scores.pre);
  add("recall", scores.rec);
  return json;
}

Json json_of(const std::vector<Scores>& sequences, const Scores& total) {
  Json hota_of_each = Json::object(), map_of_each = Json::object();
  for (const Scores& one : sequences) {
    hota_of_each[one.file] = json_of(one.hota);
    map_of_each[one.file] = json_of(one.ap);
  }
  return {{"hota",
           {{"combined", json_of(total.hota)},
            {"sequences", hota_of_each},
            {"pose_hota_results.txt", hota_summary(total.hota)}}},
          {"map",
           {{"combined", json_of(total.ap)},
            {"sequences", map_of_each},
            {"pose_hota_results.txt", map_summary(total.ap)}}}};
}

void warn_of(const PoseSources& sources, const Scores& total, const EvalConfig& config) {
  if (!sources.superfluous().empty()) {
    log_warning("{} predicted sequences are not in the ground truth, such as {}",
                sources.superfluous().size(), sources.superfluous().front());
  }
  if (total.integer_frames > 0 && !config.compat_int_trunc) {
    log_warning("{} frames: keypoints of integers alone, so that the kit would cut off the scores "
                "(--compat-int-trunc does)", total.integer_frames);
  }
}

}  // namespace

bool evaluate_pt21(const EvalConfig& config) {
  const PoseSources sources(config.ground_truth, config.predictions, config.threads);
  std::vector<Scores> sequences(sources.size());
  for_each_index(sequences.size(), config.threads, [&](std::size_t i) {
    sequences[i] = score_sequence(sources, i, config);
  });
  const Scores total = combine(sequences);
  warn_of(sources, total, config);
  log_info("{} sequences, {} labelled frames, {} annotated, {} predicted people",
           sequences.size(), total.frames, total.people, total.predicted_people);
  const std::string json = json_of(sequences, total).dump() + "\n";
  if (!config.output_dir.empty()) {
    make_folder(config.output_dir);
    write_file(fs::path(config.output_dir) / "posetrack21.json", json, true);
  }
  if (!config.json.empty()) write_file(config.json, json, config.force);
  if (config.json != "-") write_file("-", text_of(total, sequences.size()), false);
  if (sources.cut()) log_warning("no end record: some records were cut");
  return !sources.cut();
}

}  // namespace vremd
