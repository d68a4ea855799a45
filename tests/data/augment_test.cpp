// SPDX-License-Identifier: Apache-2.0
#include "data/augment.h"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <numeric>

using namespace vremd;
using namespace vremd::data;
using Catch::Approx;

namespace {

const ops::CropSpec kSpec{256, 192, 1.25, ops::Geometry::kUdp};
const Box kBox{100, 50, 60, 120};

std::vector<JointLabel> some_joints() {
  std::vector<JointLabel> joints(15);
  for (int j = 0; j < 15; ++j) joints[j] = {105.0 + 3 * j, 60.0 + 7 * j, 1};
  return joints;
}

AugmentConfig nothing() {
  AugmentConfig config;
  config.half_body.prob = config.rotation.prob = config.flip = 0;
  config.scale.sigma = 0;
  return config;
}

}  // namespace

TEST_CASE("without augmentation the region is the plain crop") {
  Random random = random_for(1, 2, 3);
  const auto joints = some_joints();
  const auto drawn =
      draw_augmentation(random, nothing(), kBox, joints, joint_set("posetrack15"), kSpec, false);
  const auto plain = no_augmentation(kBox, kSpec);
  CHECK(drawn.region.w == Approx(plain.region.w));
  CHECK(drawn.region.centre.x == Approx(plain.region.centre.x));
  CHECK(drawn.region.angle_degrees == 0);
  CHECK_FALSE(drawn.region.flip);
}

TEST_CASE("draws depend only on seed, epoch and sample, and stay within their limits") {
  const auto joints = some_joints();
  const auto draw = [&](std::uint64_t seed, std::uint64_t epoch, std::uint64_t sample) {
    Random random = random_for(seed, epoch, sample);
    return draw_augmentation(random, {}, kBox, joints, joint_set("posetrack15"), kSpec, true);
  };
  CHECK(draw(1, 2, 3).region.w == draw(1, 2, 3).region.w);
  CHECK(draw(1, 2, 3).frames[0].moved.m == draw(1, 2, 3).frames[0].moved.m);
  int flips = 0, turned = 0, at_limit = 0;
  const double plain = no_augmentation(kBox, kSpec).region.w;
  for (int i = 0; i < 1000; ++i) {
    const auto one = draw(7, 0, i);
    flips += one.region.flip;
    turned += one.region.angle_degrees != 0;
    at_limit += std::abs(one.region.angle_degrees) == 45;
    CHECK(std::abs(one.region.angle_degrees) <= 45);
    CHECK(one.region.w <= plain * 1.35 * 1.5 + 1e-9);
  }
  CHECK(std::abs(flips - 500) < 60);
  CHECK(std::abs(turned - 600) < 60);
  CHECK(std::abs(at_limit - 600 * 0.317) < 60);  // METHOD 1.5: 32 % of the rotated samples
}

TEST_CASE("flipping swaps left and right; labels outside the crop get weight 0") {
  const JointSet& set = joint_set("posetrack15");
  auto joints = some_joints();
  joints[14] = {1000, 1000, 1};
  ops::CropRegion region = ops::crop_region(kBox, kSpec);
  const auto plain = joints_in_crop(joints, set, region, kSpec);
  region.flip = true;
  const auto mirrored = joints_in_crop(joints, set, region, kSpec);
  const int left = set.index("left_shoulder"), right = set.index("right_shoulder");
  CHECK(mirrored[left].x == Approx(kSpec.width - 1 - plain[right].x));
  CHECK(mirrored[left].y == Approx(plain[right].y));
  CHECK(plain[14].weight == 0);
  CHECK(mirrored[13].weight == 0);  // the ankles are swapped as well
  CHECK(plain[0].weight == 1);
}

// METHOD 1.3.
TEST_CASE("in classic geometry the picture is mirrored before it is cropped") {
  ops::CropSpec spec = kSpec;
  spec.geometry = ops::Geometry::kClassic;
  AugmentConfig config = nothing();
  const auto draw = [&](double flip, double angle) {
    config.flip = flip;
    config.rotation = {.mode = DrawMode::kUniform, .prob = angle > 0 ? 1.0 : 0.0, .limit = angle};
    Random random = random_for(3, 0, 0);
    return draw_augmentation(random, config, kBox, some_joints(), joint_set("posetrack15"), spec,
                             false)
        .region;
  };
  for (const double angle : {0.0, 40.0}) {
    const auto plain = draw(0, angle), mirrored = draw(1, angle);
    REQUIRE(mirrored.flip);
    for (const Point p : {Point{100, 50}, Point{140, 130}}) {
      const Point a = ops::frame_to_crop(plain, spec)(p), b = ops::frame_to_crop(mirrored, spec)(p);
      CHECK(b.x == Approx(spec.width - a.x));
      CHECK(b.y == Approx(a.y));
    }
  }
}

TEST_CASE("half body crops the extent of one half") {
  AugmentConfig config = nothing();
  config.half_body.prob = 1;
  const JointSet& set = joint_set("posetrack15");
  std::vector<JointLabel> joints(15);
  for (int j = 0; j < 15; ++j) {
    const bool lower = j >= set.index("left_hip");
    joints[j] = {110.0 + j, lower ? 150.0 + j : 60.0 + j, 1};
  }
  int upper = 0;
  for (int i = 0; i < 1000; ++i) {
    Random random = random_for(1, 0, i);
    const auto one = draw_augmentation(random, config, kBox, joints, set, kSpec, false);
    upper += one.region.centre.y < 100;
    CHECK(one.region.h < no_augmentation(kBox, kSpec).region.h);
  }
  CHECK(std::abs(upper - 691) < 50);  // a normal draw below 0.5
}

TEST_CASE("neighbours of a still move in opposite directions, the key frame is unchanged") {
  AugmentConfig config = nothing();
  config.motion.jitter = 0;
  Random random = random_for(3, 0, 0);
  const auto one =
      draw_augmentation(random, config, kBox, some_joints(), joint_set("posetrack15"), kSpec, true);
  CHECK(one.frames[1].moved.m == Affine2x3{}.m);
  const Point middle{(kSpec.width - 1) / 2.0, (kSpec.height - 1) / 2.0};
  const Point before = one.frames[0].moved(middle), after = one.frames[2].moved(middle);
  CHECK(before.x - middle.x == Approx(-(after.x - middle.x)));
  CHECK(std::hypot(after.x - middle.x, after.y - middle.y) > 0.1);
}

TEST_CASE(
    "a person moves against the background, a pasted one on its own, except in the key frame") {
  AugmentConfig config = nothing();
  config.motion.apart = 0.5;
  config.copy_paste.prob = 1;
  config.copy_paste.motion = 2;
  Random random = random_for(3, 0, 0);
  const auto draw = [&](bool still) {
    return draw_augmentation(random, config, kBox, some_joints(), joint_set("posetrack15"), kSpec,
                             still);
  };
  const auto still = draw(true), video = draw(false);
  CHECK(still.apart);
  CHECK_FALSE(video.apart);
  const Point middle{(kSpec.width - 1) / 2.0, (kSpec.height - 1) / 2.0};
  const auto apart = [&](const Affine2x3& a, const Affine2x3& b) {
    return std::hypot(a(middle).x - b(middle).x, a(middle).y - b(middle).y);
  };
  for (const int side : {0, 2}) {
    CHECK(apart(still.person_moved[side], still.frames[side].moved) > 0.1);
    CHECK(apart(still.pasted.moved[side], still.frames[side].moved) > 0.1);
    CHECK(apart(video.pasted.moved[side], {}) > 0.1);
  }
  CHECK(still.person_moved[1].m == Affine2x3{}.m);
  CHECK(still.pasted.moved[1].m == Affine2x3{}.m);
  config.motion.still = 1;
  const auto nothing_moves = draw(true);
  CHECK(nothing_moves.frames[0].moved.m == Affine2x3{}.m);
  CHECK_FALSE(nothing_moves.apart);
  config.motion.still = 0;
  config.copy_paste.motion = 0;  // it moves with the picture
  const auto together = draw(true);
  CHECK(together.pasted.moved[0].m == together.frames[0].moved.m);
}

TEST_CASE("blur, erasing and brightness are applied as drawn") {
  constexpr int kHeight = 8, kWidth = 6;
  std::vector<float> crop(3 * kHeight * kWidth);
  std::iota(crop.begin(), crop.end(), 0.0f);
  const std::array<float, 3> lowest{0, 0, 0}, highest{255, 255, 255};
  const auto changed = [&](const Augmentation& augmentation,
                           const Augmentation::FrameChange& change) {
    auto copy = crop;
    change_crop(copy, kHeight, kWidth, augmentation, change, lowest, highest);
    return copy;
  };
  CHECK(changed({}, {}) == crop);

  Augmentation::FrameChange erase;
  erase.erased = {1, 2, 3, 2, 0, 5};
  const auto erased = changed({}, erase);
  CHECK(erased[2 * kWidth + 1] == crop[5 * kWidth + 0]);
  CHECK(erased[3 * kWidth + 3] == crop[6 * kWidth + 2]);
  CHECK(erased[4 * kWidth + 1] == crop[4 * kWidth + 1]);

  Augmentation::FrameChange blur;
  blur.blur = 1;
  const auto blurred = changed({}, blur);
  // Blur keeps a linear ramp away from the borders.
  CHECK(blurred[4 * kWidth + 2] == Approx(crop[4 * kWidth + 2]));
  CHECK(blurred[0] > crop[0]);

  Augmentation light;
  light.brightness = 2;
  const auto bright = changed(light, {});
  CHECK(bright[10] == Approx(20));
  CHECK(bright[143] == 255);
}

TEST_CASE("pasted persons have the configured position, size and probability") {
  AugmentConfig config = nothing();
  config.copy_paste.prob = 0.5;
  const auto joints = some_joints();
  int there = 0;
  for (int i = 0; i < 1000; ++i) {
    Random random = random_for(3, 0, i);
    const auto one =
        draw_augmentation(random, config, kBox, joints, joint_set("posetrack15"), kSpec, false)
            .pasted;
    if (one.size == 0) continue;
    ++there;
    const double own = kBox.h * kSpec.height / no_augmentation(kBox, kSpec).region.h;
    CHECK(std::abs(one.size / own - 1) <= 0.3);
    const double beside = std::abs(one.middle.x / kSpec.width - 0.5);
    CHECK(beside >= 0.3);
    CHECK(beside <= 0.6);
  }
  CHECK(there > 430);
  CHECK(there < 570);
}

TEST_CASE("a pasted person is cropped from its box, optionally mirrored") {
  Augmentation::Pasted pasted;
  pasted.size = 80;
  pasted.middle = {100, 60};
  const Box box{10, 20, 30, 160};  // twice as long as in the crop
  const auto near = [](Point p, double x, double y) {
    return std::abs(p.x - x) < 1e-9 && std::abs(p.y - y) < 1e-9;
  };
  Affine2x3 to_frame = pasted_to_frame(pasted, box);
  CHECK(near(to_frame({100, 60}), 25, 100));
  CHECK(near(to_frame({107.5, 100}), 40, 180));
  pasted.flip = true;
  to_frame = pasted_to_frame(pasted, box);
  CHECK(near(to_frame({100, 60}), 25, 100));
  CHECK(near(to_frame({107.5, 100}), 10, 180));
}

TEST_CASE("pasting fills the box with round corners and leaves the rest unchanged") {
  constexpr int kSide = 41;
  std::vector<float> crop(3 * kSide * kSide, 1), over(crop.size(), 5);
  Augmentation::Pasted pasted;
  pasted.size = 20;
  pasted.middle = {20, 20};
  const Box box{0, 0, 20, 20};
  paste_person(crop, over, kSide, kSide, pasted_to_frame(pasted, box), box);
  const auto at = [&](int channel, int x, int y) {
    return crop[(channel * kSide + y) * kSide + x];
  };
  for (int c = 0; c < 3; ++c) {
    CHECK(at(c, 20, 20) == 5);
    CHECK(at(c, 13, 20) == 5);
    CHECK(at(c, 9, 20) == 1);
    CHECK(at(c, 20, 31) == 1);
    CHECK(at(c, 11, 11) == 1);          // a corner
    CHECK(at(c, 29, 20) == Approx(5));  // a tenth from the edge
    CHECK(at(c, 30, 20) == 1);
  }
}
