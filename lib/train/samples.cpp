// SPDX-License-Identifier: Apache-2.0
#include "train/samples.h"

#include "draw/drawing.h"
#include "draw/overlay.h"
#include "draw/sheet.h"
#include "io/json_file.h"
#include "io/records.h"
#include "ops/tensor_ops.h"
#include "train/start.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

namespace vremd::train {
namespace {

constexpr int kSamples = 24;
constexpr std::array<double, 3> kHeat = {255, 90, 0};  // orange, RGB

// A network input to be drawn.
struct DrawnSample {
  at::Tensor crops;  // [T, 3, H, W], normalised
  at::Tensor heat;   // [h, w], 0...1, drawn over the key frame's crop; may be undefined
  std::vector<io::Keypoint> joints;                  // crop pixels; score 0: not drawn
  std::optional<std::vector<io::Keypoint>> truth{};  // drawn beside them
};

Frame picture_of(const at::Tensor& crop, const ops::Normalisation& normalisation) {
  const at::Tensor values = crop.to(at::kCPU, at::kFloat).contiguous();
  Frame frame;
  frame.height = static_cast<int>(values.size(1));
  frame.width = static_cast<int>(values.size(2));
  const std::size_t plane = static_cast<std::size_t>(frame.height) * frame.width;
  frame.rgb.resize(3 * plane);
  const float* v = values.data_ptr<float>();
  for (std::size_t c = 0; c < 3; ++c) {
    const double scale = normalisation.raw ? 1 : 255 * normalisation.std[c];
    const double shift = normalisation.raw ? 0 : 255 * normalisation.mean[c];
    for (std::size_t i = 0; i < plane; ++i) {
      const double value = std::round(v[c * plane + i] * scale + shift);
      frame.rgb[3 * i + c] = static_cast<std::uint8_t>(std::clamp(value, 0.0, 255.0));
    }
  }
  return frame;
}

void paint(const at::Tensor& heat, Frame& frame) {
  const at::Tensor values = heat.to(at::kCPU, at::kFloat).contiguous();
  const auto height = values.size(0), width = values.size(1);
  const float* v = values.data_ptr<float>();
  for (int y = 0; y < frame.height; ++y) {
    for (int x = 0; x < frame.width; ++x) {
      const std::int64_t row = y * height / frame.height, column = x * width / frame.width;
      const double part = 0.6 * std::clamp(v[row * width + column], 0.0f, 1.0f);
      std::uint8_t* pixel = &frame.rgb[3 * (static_cast<std::size_t>(y) * frame.width + x)];
      for (std::size_t c = 0; c < 3; ++c) {
        pixel[c] = static_cast<std::uint8_t>(pixel[c] + part * (kHeat[c] - pixel[c]));
      }
    }
  }
}

std::vector<io::Keypoint> joints_of(const at::Tensor& points_k3, const Affine2x3& to_crop) {
  std::vector<io::Keypoint> joints;
  const at::Tensor values = points_k3.contiguous();
  for (std::int64_t j = 0; j < values.size(0); ++j) {
    const float* p = values[j].data_ptr<float>();
    const Point at = to_crop({p[0], p[1]});
    joints.push_back({at.x, at.y, p[2]});
  }
  return joints;
}

std::vector<DrawnSample> training_samples(data::TrainSet& set, const TrainConfig& config) {
  const model::ModelConfig& model = config.model;
  const TrainBatch batch = first_batch(set, config, kSamples);
  const at::Tensor points = ops::heatmap_decode(batch.targets, model.default_decode());
  const Affine2x3 to_crop =
      ops::heatmap_to_crop(model.heatmap_height(), model.heatmap_width(), model.crop_spec());
  std::vector<DrawnSample> samples;
  for (std::int64_t i = 0; i < batch.weights.size(0); ++i) {
    const at::Tensor weights = batch.weights[i];
    const at::Tensor seen = (weights > 0).to(at::kFloat);
    DrawnSample one;
    one.crops = batch.crops.slice(0, i * model.frames(), (i + 1) * model.frames());
    one.heat = (batch.targets[i] * weights.view({-1, 1, 1})).amax(0);
    one.joints = joints_of(at::cat({points[i].slice(1, 0, 2), seen.unsqueeze(1)}, 1), to_crop);
    samples.push_back(std::move(one));
  }
  return samples;
}

std::vector<io::Keypoint> labels_of(const data::TrainSample& sample, const Affine2x3& to_crop) {
  std::vector<io::Keypoint> joints;
  for (const data::JointLabel& label : sample.joints) {
    const Point at = to_crop({label.x, label.y});
    joints.push_back({at.x, at.y, label.weight > 0 ? 1.0 : 0.0});
  }
  return joints;
}

// Evenly spread.
std::vector<DrawnSample> validation_samples(Validation& validation, const TrainConfig& config) {
  const model::ModelConfig& model = config.model;
  const std::size_t all = validation.chosen().size();
  const auto most = std::min<std::size_t>(all, kSamples);
  std::vector<DrawnSample> samples;
  for (std::size_t i = 0; i < most; ++i) {
    const std::size_t n = i * all / most;
    const int sample = validation.chosen()[n];
    const TrainBatch batch = make_plain(validation.set(), {&sample, 1}, model);
    const ops::CropSpec spec = model.crop_spec();
    const Affine2x3 to_crop =
        ops::frame_to_crop(ops::crop_region(validation.set().samples()[sample].box, spec), spec);
    samples.push_back({batch.crops,
                       {},
                       joints_of(validation.predictions()[static_cast<std::int64_t>(n)], to_crop),
                       labels_of(validation.set().samples()[sample], to_crop)});
  }
  return samples;
}

void draw_joints(Frame& crop, const std::vector<io::Keypoint>& keypoints, const JointSet& joints) {
  draw::Canvas canvas(crop);
  io::FrameRecord record;
  io::Instance& one = record.instances.emplace_back();
  one.box = {0, 0, crop.width - 1.0, crop.height - 1.0};
  one.keypoints = keypoints;
  draw::OverlayStyle style;
  style.labels = false;
  const int colour = 0;
  draw::draw_overlay(canvas, record, &joints, std::span(&colour, 1), draw::View{}, style, "");
  canvas.store(crop);
}

// A row: previous, key frame with its joints, next, and if there is a truth the key frame with it.
draw::Canvas draw_samples(const std::vector<DrawnSample>& samples, const TrainConfig& config) {
  const model::ModelConfig& model = config.model;
  const JointSet joints = model.joints();
  const ops::Normalisation normalisation = model.normalisation();
  const int width = model.input_width(), height = model.input_height(), frames = model.frames();
  const int columns = frames + (!samples.empty() && samples[0].truth);
  std::vector<Frame> tiles;
  for (const DrawnSample& sample : samples) {
    draw::Canvas row(draw::Size{width * columns, height});
    const auto put = [&](const Frame& picture, int column) {
      row.picture(picture, {static_cast<double>(column * width), 0, static_cast<double>(width),
                            static_cast<double>(height)});
    };
    for (int t = 0; t < frames; ++t) {
      Frame picture = picture_of(sample.crops[t], normalisation);
      if (t == frames / 2) {
        if (sample.truth) {
          Frame beside = picture;
          draw_joints(beside, *sample.truth, joints);
          put(beside, frames);
        }
        if (sample.heat.defined()) paint(sample.heat, picture);
        draw_joints(picture, sample.joints, joints);
      }
      put(picture, t);
    }
    row.store(tiles.emplace_back());
  }
  const draw::SheetLayout layout =
      draw::sheet_layout(tiles.size(), {width * columns, height}, {columns * 1600, 4096});
  return draw::make_sheet(tiles, layout);
}

}  // namespace

int write_samples(const std::string& path, Validation* validation, data::TrainSet& set,
                  const TrainConfig& config) {
  const std::vector<DrawnSample> samples =
      validation ? validation_samples(*validation, config) : training_samples(set, config);
  draw::write_canvas(draw_samples(samples, config), path, /*force=*/true);
  return static_cast<int>(samples.size());
}

void write_report(const RunFolder& folder, Validation* validation, data::TrainSet& set,
                  const TrainConfig& config, const Facts& facts) {
  const std::string path = folder.file("samples.png");
  write_samples(path, validation, set, config);
  Report report;
  report.title = fmt::format("vremd-train: {}", folder.path());
  report.facts = facts;
  report.metrics = folder.metrics();
  report.score = name_of(config.validate_by);
  report.png = io::read_text_file(path);
  report.caption = validation ? "People of the validation set: previous frame, key frame with "
                                "predicted keypoints, next "
                                "frame, key frame with the annotation"
                              : "People of the training set with their targets";
  report.config = io::read_text_file(folder.file("config.json"));
  folder.write("report.html", html_report(report));
}

}  // namespace vremd::train
