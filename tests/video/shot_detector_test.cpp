// SPDX-License-Identifier: Apache-2.0
#include "video/shot_detector.h"

#include "make_clip.h"
#include "video/reader.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <cmath>
#include <random>

using namespace vremd;
using namespace vremd::video;

namespace {

constexpr int kWidth = 160, kHeight = 90;

// A scene: a few large blobs of colour on a wide background, seen from `x`.
class Scene {
 public:
  explicit Scene(unsigned seed) {
    std::mt19937 random(seed);
    const auto pick = [&](double from, double to) {
      return std::uniform_real_distribution<double>(from, to)(random);
    };
    for (Blob& blob : blobs_) {
      blob = {pick(-200, 700), pick(0, kHeight), pick(8, 40), {pick(0, 1), pick(0, 1), pick(0, 1)}};
    }
    for (double& c : ground_) c = pick(20, 120);
  }

  Frame at(double x, double light = 1, double add = 0) const {
    Frame frame;
    frame.width = kWidth;
    frame.height = kHeight;
    frame.rgb.resize(static_cast<std::size_t>(kWidth) * kHeight * 3);
    for (int i = 0; i < kWidth * kHeight; ++i) {
      for (int c = 0; c < 3; ++c) {
        double value = ground_[c];
        for (const Blob& blob : blobs_) {
          const double dx = i % kWidth + x - blob.x, dy = i / kWidth - blob.y;
          value += 150 * blob.colour[c] * std::exp(-(dx * dx + dy * dy) / (blob.size * blob.size));
        }
        frame.rgb[3 * i + c] =
            static_cast<std::uint8_t>(std::clamp(value * light + add, 0.0, 255.0));
      }
    }
    return frame;
  }

 private:
  struct Blob {
    double x, y, size, colour[3];
  };
  std::array<Blob, 40> blobs_;
  double ground_[3];
};

std::vector<int> cuts_of(const std::vector<Frame>& frames) {
  ShotDetector detector;
  std::vector<int> cuts;
  std::size_t added = 0;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    while (added < frames.size() && added <= i + ShotDetector::kLookAhead) {
      detector.add(frames[added++]);
    }
    if (detector.take()) cuts.push_back(static_cast<int>(i));
  }
  return cuts;
}

std::vector<Frame> shot(unsigned scene, int frames, double speed = 0.5) {
  const Scene seen(scene);
  std::vector<Frame> result;
  for (int i = 0; i < frames; ++i) result.push_back(seen.at(i * speed));
  return result;
}

void append(std::vector<Frame>& to, std::vector<Frame> frames) {
  to.insert(to.end(), frames.begin(), frames.end());
}

using Cuts = std::vector<int>;

}  // namespace

TEST_CASE("the first frame of each shot") {
  std::vector<Frame> frames = shot(1, 12);
  append(frames, shot(2, 1));  // a shot of one frame
  append(frames, shot(3, 9));
  append(frames, shot(4, 2));
  append(frames, shot(1, 8));
  CHECK(cuts_of(frames) == Cuts{12, 13, 22, 24});
}

TEST_CASE("a fast pan is not a cut") {
  const double speed = GENERATE(2, 8, 16, 30);  // pixels a frame, of 160
  CHECK(cuts_of(shot(5, 15, speed)) == Cuts{});
}

TEST_CASE("neither a change of light nor a flash is a cut") {
  const Scene scene(6);
  std::vector<Frame> frames;
  const int length = GENERATE(1, 2, 3);
  const double add = GENERATE(60, 400);  // 400: nothing but white
  CAPTURE(length, add);
  for (int i = 0; i < 16; ++i) {
    const bool bright = i >= 6 && i < 6 + length;
    frames.push_back(scene.at(i * 0.5, 1 - 0.03 * i, bright ? add : 0));
  }
  CHECK(cuts_of(frames) == Cuts{});
  append(frames, shot(7, 5));
  CHECK(cuts_of(frames) == Cuts{16});
}

TEST_CASE("a fade to black is not a cut, black between shots is") {
  const Scene scene(8);
  std::vector<Frame> frames;
  for (int i = 0; i < 16; ++i) frames.push_back(scene.at(0, std::max(0.0, 1 - i / 13.0)));
  CHECK(cuts_of(frames) == Cuts{});
  std::vector<Frame> hard = shot(8, 6);
  for (int i = 0; i < 4; ++i) hard.push_back(scene.at(0, 0));
  append(hard, shot(9, 6));
  CHECK(cuts_of(hard) == Cuts{6, 10});
}

TEST_CASE("a frame without a picture does not begin a shot, the next one does") {
  std::vector<Frame> frames = shot(1, 5);
  Frame missing;
  missing.missing = true;
  frames.insert(frames.begin(), missing);
  frames.push_back(missing);
  append(frames, shot(2, 5));
  frames.push_back(missing);
  CHECK(cuts_of(frames) == Cuts{7});
}

TEST_CASE("the reader marks the cuts") {
  const TemporaryFolder folder;
  VideoWriterOptions options{.width = kWidth, .height = kHeight, .codecs = {"mjpeg"}};
  std::vector<Frame> frames = shot(1, 7);
  append(frames, shot(2, 6));
  {
    VideoWriter writer(folder / "a.avi", options);
    for (const Frame& frame : frames) writer.write(frame);
    writer.close();
  }
  const bool find = GENERATE(true, false);
  VideoReader reader(folder / "a.avi", {.threads = 1, .stopped = {}, .find_cuts = find});
  int count = 0;
  while (const FramePtr frame = reader.next()) {
    CHECK(frame->index == count);
    CHECK(frame->cut == (find && count == 7));
    ++count;
  }
  CHECK(count == 13);
}
