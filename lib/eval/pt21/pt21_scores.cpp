// SPDX-License-Identifier: Apache-2.0
#include "eval/pt21/pt21_scores.h"

#include "core/parallel.h"
#include "eval/pt21/pt21_frames.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

namespace vremd::eval {
namespace {

namespace fs = std::filesystem;

Pt21Sequence score_sequence(const PoseSources& sources, std::size_t i, const Pt21Options& options) {
  const annotation::PoseFile truth = sources.read_truth(i);
  const Pt21Frames kept = pt21_frames(truth, sources.read_predictions(i, truth), options.truncate);
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
  scores.hota = hota(kept.frames, options.hota_fix);
  return scores;
}

Pt21Sequence combine(const std::vector<Pt21Sequence>& sequences) {
  Pt21Sequence total;
  std::vector<Hota> each;
  for (const Pt21Sequence& one : sequences) {
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

constexpr auto kColumns = [] {
  std::array<std::string_view, kPoseColumns.size() + 1> columns;
  std::copy(kPoseColumns.begin(), kPoseColumns.end(), columns.begin());
  columns.back() = "Total";
  return columns;
}();

std::array<double, 8> table_of(const JointValues& values) {
  std::array<double, 8> row;
  const auto groups = joint_groups(values);
  std::copy(groups.begin(), groups.end(), row.begin());
  // The last bit depends on the kit's order of joints.
  std::array<double, kPoseJoints> ordered;
  for (int i = 0; i < kPoseJoints; ++i) ordered[i] = values[kPoseJointsDownward[i]];
  row.back() = mean_of_numbers(ordered);
  return row;
}

constexpr std::pair<const char*, JointValues PoseAp::*> kMapRows[] = {
    {"map", &PoseAp::ap}, {"precision", &PoseAp::pre}, {"recall", &PoseAp::rec}};

// A line of names and a line of values for each kind.
std::string map_summary(const PoseAp& scores) {
  std::string text;
  for (const auto& [name, values] : kMapRows) {
    text += fmt::format("{} & {}\n", name, fmt::join(kColumns, " & "));
    for (const double value : table_of(scores.*values)) text += fmt::format(" & {:.1f}", value);
    text += "\n";
  }
  return text;
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
  for (const auto& [name, values] : kMapRows) {
    const auto row = table_of(scores.*values);
    for (std::size_t i = 0; i < row.size(); ++i) json[name][std::string(kColumns[i])] = row[i];
  }
  return json;
}

}  // namespace

Pt21Scores pt21_scores(const PoseSources& sources, const Pt21Options& options, int threads) {
  Pt21Scores scores;
  scores.sequences.resize(sources.size());
  for_each_index(sources.size(), threads,
                 [&](std::size_t i) { scores.sequences[i] = score_sequence(sources, i, options); });
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

}  // namespace vremd::eval
