// SPDX-License-Identifier: Apache-2.0
#include "train/score_fit.h"

#include "core/error.h"
#include "eval/pck/pck.h"
#include "model/score_calibration.h"
#include "model/weights.h"
#include "ops/crop.h"
#include "ops/tensor_ops.h"
#include "train/loader.h"
#include "train/replicas.h"
#include "train/validation.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace vremd::train {
namespace {

constexpr double kRight = 0.5;  // head sizes
constexpr int kBatch = 4;       // people

// The points that the network finds for the labelled joints of people with a head box, of at most
// `most` of them, evenly spread (0: all). Nullopt if stopped.
std::optional<std::vector<model::ScoredPoint>> points_of(data::TrainSet& set, Replicas& replicas,
                                                         const ScoreFit& options, int most = 0) {
  const model::ModelConfig& config = replicas.model().config;
  std::vector<int> people;
  std::vector<double> head;
  const auto all_people = static_cast<int>(set.samples().size());
  const int step = most > 0 ? (all_people + most - 1) / most : 1;
  for (int i = 0; i < all_people; i += step) {
    const data::TrainSample& sample = set.samples()[i];
    const auto& person = set.videos()[sample.video].frames[sample.frame].persons[sample.person];
    const auto size = eval::pck_length(person, set.file_joints(sample), eval::PckLength::kHead);
    if (!size) continue;
    people.push_back(i);
    head.push_back(*size);
  }
  const std::int64_t batches = (std::ssize(people) + kBatch - 1) / kBatch;
  std::vector<std::vector<model::ScoredPoint>> found(static_cast<std::size_t>(batches));
  const auto rows_of = [&](std::int64_t batch) {
    const auto first = static_cast<std::size_t>(batch) * kBatch;
    return std::pair(first, std::min<std::size_t>(kBatch, people.size() - first));
  };
  BatchLoader loader(
      [&](std::int64_t batch) {
        const auto [first, count] = rows_of(batch);
        return make_plain(set, std::span(people).subspan(first, count), config);
      },
      0, batches, options.threads, std::max(4, options.threads));
  replicas.evaluate(batches, [&](model::VremdImpl& network, std::int64_t batch) {
    if (options.stopped()) return;
    const TrainBatch crops = loader.take(batch);
    const auto output =
        network.forward(network.triplet_features(crops.crops.to(replicas.device())));
    const at::Tensor points =
        ops::heatmap_decode(network.probabilities(output.heatmaps_bkhw), config.default_decode())
            .cpu();
    const at::Tensor evidence =
        model::score_evidence(output.heatmaps_bkhw, output.hk, output.hm, points,
                              config.loss.kind == model::LossKind::kCe)
            .cpu();
    const auto [first, count] = rows_of(batch);
    for (std::size_t row = 0; row < count; ++row) {
      const data::TrainSample& sample = set.samples()[people[first + row]];
      const Affine2x3 to_frame = ops::heatmap_to_frame(sample.box, config.heatmap_height(),
                                                       config.heatmap_width(), config.crop_spec());
      for (std::size_t joint = 0; joint < sample.joints.size(); ++joint) {
        const data::JointLabel& truth = sample.joints[joint];
        if (truth.weight <= 0) continue;
        const auto n = static_cast<std::int64_t>(row), j = static_cast<std::int64_t>(joint);
        const float* p = points[n][j].const_data_ptr<float>();
        const Point at = to_frame({p[0], p[1]});
        model::ScoredPoint point{
            static_cast<int>(joint),
            std::hypot(at.x - truth.x, at.y - truth.y) <= kRight * head[first + row],
            {}};
        std::copy_n(evidence[n][j].const_data_ptr<float>(), model::kEvidenceCount,
                    point.evidence.begin());
        found[static_cast<std::size_t>(batch)].push_back(point);
      }
    }
  });
  if (options.stopped()) return std::nullopt;
  std::vector<model::ScoredPoint> all;
  for (const auto& some : found) all.insert(all.end(), some.begin(), some.end());
  return all;
}

// How reliable the scores are, as a Markdown table.
std::string report(const std::string& name, const model::ScoreCalibration& calibration,
                   std::span<const model::ScoredPoint> points) {
  const model::Reliability reliability = model::reliability_of(calibration, points);
  std::string text = fmt::format(
      "{}: {} points, expected calibration error {:.4f}\n\n"
      "| score | right | points |\n|---|---|---|\n",
      name, points.size(), reliability.error);
  for (const auto& bin : reliability.bins) {
    if (bin.points == 0) continue;
    text += fmt::format("| {:.3f} | {:.3f} | {} |\n", bin.score, bin.right, bin.points);
  }
  return text + "\n";
}

}  // namespace

std::optional<std::string> fit_scores(const TrainConfig& config, const ScoreFit& options) {
  const std::string path = io::find_weights(options.weights);
  const model::LoadedModel loaded = model::load_model(path);
  const model::ModelConfig& model = loaded.config;
  const auto set_of = [&](const std::vector<data::TrainDataConfig>& data) {
    return data::TrainSet(data, model.joints(), model.frames() > 1, config.train.frame_mib);
  };
  data::TrainSet set = set_of(config.data);
  Replicas replicas(loaded.model, options.threads, options.device);
  const auto points = points_of(set, replicas, options);
  if (!points) return std::nullopt;
  if (points->empty()) fail("nobody in the data has a head box and labelled joints");
  const model::ScoreCalibration fitted = model::fit_scores(*points, model.joints().size());
  std::string text = report("fitted", fitted, *points);
  if (!config.validate.empty()) {
    data::TrainSet others = set_of({validation_data(config)});
    const auto unseen = points_of(others, replicas, options, config.validate_most);
    if (!unseen) return std::nullopt;
    text += report(config.validate, fitted, *unseen);
  }
  const io::SafetensorsFile source(path);
  auto metadata = source.metadata();
  metadata["score_calibration"] = fitted.to_text();
  io::write_safetensors(options.output, source.tensors(), metadata, /*force=*/false);
  return text;
}

}  // namespace vremd::train
