// SPDX-License-Identifier: Apache-2.0
#include "pose_fixture.h"

#include "core/error.h"
#include "io/safetensors.h"
#include "ops/tensor_ops.h"
#include "pipeline/pose_dump.h"

using namespace vremd;
using namespace vremd::pipeline;

namespace {

Person person_in(const std::shared_ptr<Frame>& frame, const Box& box) {
  Person person;
  person.triplet.frames = {frame, frame, frame};
  person.box = box;
  return person;
}

std::shared_ptr<Frame> person_frame(int x, int y) {
  return std::make_shared<Frame>(frame_with_person(kClipWidth, kClipHeight, x, y));
}

std::shared_ptr<Frame> mirrored(const Frame& frame) {
  auto result = std::make_shared<Frame>(frame);
  for (int y = 0; y < frame.height; ++y) {
    for (int x = 0; x < frame.width; ++x) {
      for (int c = 0; c < 3; ++c) {
        result->rgb[(static_cast<std::size_t>(y) * frame.width + x) * 3 + c] =
            frame.row(y)[(frame.width - 1 - x) * 3 + c];
      }
    }
  }
  return result;
}

std::vector<io::Keypoint> keypoints_of(Person person, const EstimatorOptions& options = {},
                                       const std::string& preset = "paper",
                                       ops::Geometry geometry = ops::Geometry::kUdp) {
  model::LoadedModel loaded;
  loaded.config = tiny_config(preset);
  loaded.config.geometry = geometry;
  loaded.model = tiny_model(7, loaded.config);
  PoseEstimator estimator(loaded, options);
  estimator.estimate({&person, 1});
  return person.keypoints;
}

}  // namespace

TEST_CASE("keypoints move with the person") {
  EstimatorOptions options;
  options.decode = ops::Decode::kArgmax;  // random maps cannot be refined
  const auto before = keypoints_of(person_in(person_frame(50, 30), {48, 28, 28, 52}), options);
  const auto after = keypoints_of(person_in(person_frame(63, 41), {61, 39, 28, 52}), options);
  REQUIRE(before.size() == 15);
  bool inside = true, spread = false;
  for (std::size_t i = 0; i < before.size(); ++i) {
    CHECK(std::abs(after[i].x - before[i].x - 13) < 0.02);
    CHECK(std::abs(after[i].y - before[i].y - 11) < 0.02);
    CHECK(std::abs(after[i].score - before[i].score) < 1e-4);
    inside = inside && before[i].x > 40 && before[i].x < 84 && before[i].y > 21 &&
             before[i].y < 87;  // the crop: 43.3 x 65 around (62, 54)
    spread = spread || std::abs(before[i].x - before[0].x) > 5;
  }
  CHECK(inside);
  CHECK(spread);
}

TEST_CASE("with flip, the mirrored picture has the mirrored pose") {
  for (const ops::Geometry geometry : {ops::Geometry::kUdp, ops::Geometry::kClassic}) {
    const auto frame = person_frame(50, 30);
    const Box box{46, 28, 28, 52};
    // A pixel is a point in udp, a cell in classic (METHOD 1.3); the heatmap shift corrects only
    // the cell of the peak, so classic agrees to one heatmap pixel.
    const Box mirrored_box{kClipWidth - 1 - box.x - box.w, box.y, box.w, box.h};
    EstimatorOptions options;
    options.decode = ops::Decode::kArgmax;
    options.flip = true;
    const auto plain = keypoints_of(person_in(frame, box), options, "paper", geometry);
    const auto turned =
        keypoints_of(person_in(mirrored(*frame), mirrored_box), options, "paper", geometry);
    const JointSet joints = tiny_config("paper").joints();
    std::vector<int> other(plain.size());
    for (int i = 0; i < joints.size(); ++i) other[i] = i;
    for (const auto& [left, right] : joints.flip_pairs) std::swap(other[left], other[right]);
    if (geometry == ops::Geometry::kUdp) {
      for (std::size_t i = 0; i < plain.size(); ++i) {
        CHECK(std::abs(turned[other[i]].x - (kClipWidth - 1 - plain[i].x)) < 0.05);
        CHECK(std::abs(turned[other[i]].y - plain[i].y) < 0.05);
        CHECK(std::abs(turned[other[i]].score - plain[i].score) < 1e-4);
      }
    }
    EstimatorOptions without;
    without.decode = ops::Decode::kArgmax;
    const auto single = keypoints_of(person_in(frame, box), without, "paper", geometry);
    bool differs = false;
    for (std::size_t i = 0; i < plain.size(); ++i) {
      differs = differs || std::abs(single[i].score - plain[i].score) > 1e-4;
    }
    CHECK(differs);
  }
}

TEST_CASE("the decoders differ by less than a heatmap pixel") {
  const Person person = person_in(person_frame(50, 30), {46, 28, 28, 52});
  EstimatorOptions options;
  options.decode = ops::Decode::kArgmax;
  const auto coarse = keypoints_of(person, options);
  const double quarter = 0.25 * 65 / 22.5;  // the crop of 43.3 x 65 pixels is 16 x 24 of the map
  for (const ops::Decode decode :
       {ops::Decode::kQuarter, ops::Decode::kDark, ops::Decode::kDarkUdp}) {
    options.decode = decode;
    const auto fine = keypoints_of(person, options);
    bool moved = false;
    for (std::size_t i = 0; i < fine.size(); ++i) {
      CHECK(fine[i].score == coarse[i].score);
      const double dx = std::abs(fine[i].x - coarse[i].x), dy = std::abs(fine[i].y - coarse[i].y);
      moved = moved || dx > 0.01 || dy > 0.01;
      if (decode == ops::Decode::kQuarter) CHECK(std::max(dx, dy) <= quarter + 0.001);
    }
    CHECK(moved);
  }
}

TEST_CASE("selected joints equal those of all joints") {
  const Person person = person_in(person_frame(50, 30), {46, 28, 28, 52});
  const model::ModelConfig config = tiny_config("paper");
  const auto all = keypoints_of(person);
  EstimatorOptions options;
  options.joints = parse_joints("right_knee,nose", config);
  const auto chosen = keypoints_of(person, options);
  REQUIRE(chosen.size() == 2);
  const int knee = config.joints().index("right_knee");
  CHECK(chosen[0].x == all[knee].x);
  CHECK(chosen[0].score == all[knee].score);
  CHECK(chosen[1].y == all[0].y);
  CHECK(selected_joints(options.joints, config).joints ==
        std::vector<std::string>{"right_knee", "nose"});

  CHECK(parse_joints("", config).size() == 15);
  CHECK_THROWS_AS(parse_joints("coco17", config), Error);  // has eyes
  CHECK_THROWS_AS(parse_joints("nose,tail", config), Error);
  CHECK_THROWS_AS(parse_joints("nose,nose", config), Error);
  CHECK_THROWS_AS(parse_joints("posetrack99", config), Error);

  model::ModelConfig with_ears = config;
  with_ears.model.joints = "posetrack17";
  with_ears.model.trained_joints = joint_set("posetrack15").joints;
  CHECK(selected_joints(parse_joints("", with_ears), with_ears).name == "posetrack15");
  CHECK(selected_joints(parse_joints("posetrack15", with_ears), with_ears).name == "posetrack15");
  CHECK_THROWS_AS(parse_joints("posetrack17", with_ears), Error);  // ears were not trained
}

TEST_CASE("bf16 is close to fp32") {
  std::map<ops::Precision, at::Tensor> heatmaps;
  for (const ops::Precision precision : {ops::Precision::kFp32, ops::Precision::kBf16}) {
    EstimatorOptions options;
    options.precision = precision;
    PoseEstimator estimator(tiny_loaded("paper"), options);
    estimator.dump = [&](const Person&, const NamedTensors& tensors) {
      for (const auto& [name, tensor] : tensors) {
        if (name == "heatmaps") heatmaps[precision] = tensor.clone();
      }
    };
    Person person = person_in(person_frame(50, 30), {46, 28, 28, 52});
    estimator.estimate({&person, 1});
  }
  const at::Tensor& exact = heatmaps.at(ops::Precision::kFp32);
  const double size = exact.norm().item<double>();
  const double difference = (exact - heatmaps.at(ops::Precision::kBf16)).norm().item<double>();
  CHECK(difference > 0);
  CHECK(difference < 0.05 * size);
}

TEST_CASE("a dump contains the intermediate tensors") {
  const TemporaryFolder folder;
  write_clip(folder / "clip.mkv", 3);
  const model::ModelConfig config = tiny_config("paper");
  RunOptions options;
  options.estimator.decode = ops::Decode::kQuarter;
  ops::CropSpec spec = config.crop_spec();
  options.dump = PoseDump(folder / "dump", config, spec, "0");
  const RunResult result = run(folder, walk(folder / "clip.mkv", 3), options);

  const io::SafetensorsFile file(folder / "dump/000_000001_00.safetensors");
  CHECK(std::filesystem::exists(folder / "dump/000_000002_00.safetensors"));
  using Shape = std::vector<std::int64_t>;
  CHECK(file.at("crops").shape == Shape{3, 3, 96, 64});
  CHECK(file.at("heatmaps").shape == Shape{15, 24, 16});
  CHECK(file.at("human_mask").shape == Shape{3, 24});
  CHECK(file.at("keypoint_mask").shape == Shape{3, 24});
  CHECK(file.at("f_human").shape == Shape{3, 24, 64});
  CHECK(file.at("f_joint").shape == Shape{3, 24, 64});
  CHECK(file.at("hk").shape == Shape{15, 24, 16});
  CHECK(file.at("offsets").shape.back() == 2);
  CHECK(file.metadata().at("frame") == "1");
  CHECK(file.metadata().at("neighbours") == "[-1,1]");

  const std::vector<float> values = file.at("heatmaps").to_float();
  const at::Tensor points =
      ops::heatmap_decode(at::tensor(values).view({1, 15, 24, 16}), ops::Decode::kQuarter);
  const Affine2x3 to_frame = ops::frame_to_crop(ops::crop_region(box_of(1), spec), spec)
                                 .inverse()
                                 .after(ops::heatmap_to_crop(24, 16, spec));
  const Json& keypoints = result.records[2]["instances"][0]["keypoints"];
  for (int i = 0; i < 15; ++i) {
    const auto* point = points[0][i].const_data_ptr<float>();
    const Point at = to_frame({point[0], point[1]});
    CHECK(std::abs(at.x - keypoints[i][0].get<double>()) < 0.006);
    CHECK(std::abs(at.y - keypoints[i][1].get<double>()) < 0.006);
  }

  // The crops of the previous and of this frame differ.
  const std::vector<float> crops = file.at("crops").to_float();
  const std::size_t one = crops.size() / 3;
  CHECK(std::vector<float>(crops.begin(), crops.begin() + one) !=
        std::vector<float>(crops.begin() + one, crops.begin() + 2 * one));
}
