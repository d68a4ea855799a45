// SPDX-License-Identifier: Apache-2.0
#include "video/shot_detector.h"

#include <algorithm>
#include <cmath>

namespace vremd::video {
namespace {

// Chosen on joined videos (bench/shot_cuts.py): within a shot the difference of two frames is below
// 0.2 nearly always, across a cut it is above 0.5 in 90 of 100 cases.
constexpr double kCut = 0.35;               // 1 - correlation
constexpr double kSureCut = 0.6;            // regardless of the frames around it; below that ...
constexpr double kSpike = 1.5;              // ... if it is this many times their change
constexpr double kColourCut = 0.5;          // fraction of pixels that change colour ...
constexpr double kLeastForColourCut = 0.2;  // ... if the correlation also falls
constexpr double kBrighter = 20;            // luma of a flash
constexpr double kFlat = 4;                 // deviation of luma in a picture without structure ...
constexpr double kFlatRange = 80;           // ... change of mean and deviation that counts as 1
constexpr int kShiftX = 16, kShiftY = 6;    // a fast pan moves by a quarter of the width
constexpr int kSamples = 4;                 // pixels per thumbnail's cell, in each direction

}  // namespace

std::unique_ptr<ShotDetector::Thumbnail> ShotDetector::thumbnail(const Frame& frame) {
  if (frame.missing || frame.rgb.empty()) return nullptr;
  auto result = std::make_unique<Thumbnail>();
  double sum = 0, squares = 0;
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      int rgb[3] = {};
      for (int i = 0; i < kSamples * kSamples; ++i) {
        const auto at = [](int cell, int sample, int cells, int size) {
          return (2 * (cell * kSamples + sample) + 1) * std::int64_t{size} / (2 * cells * kSamples);
        };
        const std::uint8_t* pixel =
            frame.row(static_cast<int>(at(y, i / kSamples, kHeight, frame.height))) +
            3 * at(x, i % kSamples, kWidth, frame.width);
        for (int c = 0; c < 3; ++c) rgb[c] += pixel[c];
      }
      for (int& c : rgb) c /= kSamples * kSamples;
      ++result->colours[(rgb[0] / 32 * 8 + rgb[1] / 32) * 8 + rgb[2] / 32];
      const double luma = 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2];
      result->luma[y * kWidth + x] = static_cast<float>(luma);
      sum += luma;
      squares += luma * luma;
    }
  }
  constexpr double kCells = kWidth * kHeight;
  result->mean = sum / kCells;
  result->deviation = std::sqrt(std::max(0.0, squares / kCells - result->mean * result->mean));
  return result;
}

// The fraction of pixels whose colour does not occur in the other picture.
double ShotDetector::colour_difference(const Thumbnail& a, const Thumbnail& b) {
  int common = 0;
  for (int i = 0; i < kColours; ++i) common += std::min(a.colours[i], b.colours[i]);
  return 1 - common / double{kWidth * kHeight};
}

// The correlation of the overlap if `b` is shifted by (dx, dy); -1 to 1.
double ShotDetector::correlation(const Thumbnail& a, const Thumbnail& b, int dx, int dy) {
  const int width = kWidth - std::abs(dx), height = kHeight - std::abs(dy);
  float sum_a = 0, sum_b = 0, aa = 0, bb = 0, ab = 0;
  for (int y = 0; y < height; ++y) {
    const float* row_a = &a.luma[(y + std::max(dy, 0)) * kWidth + std::max(dx, 0)];
    const float* row_b = &b.luma[(y + std::max(-dy, 0)) * kWidth + std::max(-dx, 0)];
    for (int x = 0; x < width; ++x) {
      const float p = row_a[x] - 128, q = row_b[x] - 128;
      sum_a += p;
      sum_b += q;
      aa += p * p;
      bb += q * q;
      ab += p * q;
    }
  }
  const double n = width * height;
  const double spread_a = aa - double{sum_a} * sum_a / n, spread_b = bb - double{sum_b} * sum_b / n;
  if (spread_a < n || spread_b < n) return 0;  // less than one grey level
  return (ab - double{sum_a} * sum_b / n) / std::sqrt(spread_a * spread_b);
}

// From 0 (the same scene) to slightly above 1.
double ShotDetector::difference(const Thumbnail& a, const Thumbnail& b) {
  if (a.deviation < kFlat || b.deviation < kFlat) {  // black, or a fade to it
    return (std::abs(a.mean - b.mean) + std::abs(a.deviation - b.deviation)) / kFlatRange;
  }
  double best = correlation(a, b, 0, 0);
  if (1 - best < kLeastForColourCut) return 1 - best;
  for (int dy = -kShiftY; dy <= kShiftY; ++dy) {
    for (int dx = -kShiftX; dx <= kShiftX; ++dx) best = std::max(best, correlation(a, b, dx, dy));
  }
  return 1 - best;
}

void ShotDetector::add(const Frame& frame) {
  auto picture = thumbnail(frame);
  const auto before = std::find_if(frames_.rbegin(), frames_.rend(),
                                   [](const auto& earlier) { return earlier != nullptr; });
  if (picture && before != frames_.rend()) {
    picture->change = difference(**before, *picture);
    picture->colour_change = colour_difference(**before, *picture);
  }
  frames_.push_back(std::move(picture));
}

// The number of frames from `first` until the preceding picture returns, if all are brighter; else
// 0.
int ShotDetector::length_of_flash(std::size_t first) const {
  const Thumbnail& before = *frames_[first - 1];
  for (std::size_t i = first; i < frames_.size() && i <= first + kLookAhead; ++i) {
    if (!frames_[i]) return 0;
    if (frames_[i]->mean > before.mean + kBrighter) continue;
    const bool back = i > first && difference(before, *frames_[i]) < kCut;
    return back ? static_cast<int>(i - first) : 0;
  }
  return 0;
}

bool ShotDetector::is_cut(std::size_t at) const {
  const Thumbnail &before = *frames_[at - 1], &now = *frames_[at];
  const bool structure = before.deviation >= kFlat && now.deviation >= kFlat;
  const bool other_colours =
      structure && now.change > kLeastForColourCut && now.colour_change > kColourCut;
  if (now.change < kCut && !other_colours) return false;
  if (now.change > kSureCut || other_colours) return true;
  // Fast motion changes several frames in a row.
  const double next = at + 1 < frames_.size() && frames_[at + 1] ? frames_[at + 1]->change : 0;
  return now.change > kSpike * std::max(before.change, next);
}

bool ShotDetector::take() {
  const std::size_t at = any_decided_ ? 1 : 0;
  bool cut = false;
  if (flash_ > 0) {
    --flash_;
  } else if (at > 0 && frames_[at]) {
    cut = is_cut(at);
    if (cut) flash_ = length_of_flash(at);
    if (flash_ > 0) cut = false;
  }
  if (frames_[at]) {
    if (at > 0) frames_.pop_front();
    any_decided_ = true;
  } else {
    frames_.erase(frames_.begin() + static_cast<std::ptrdiff_t>(at));
  }
  return cut;
}

}  // namespace vremd::video
