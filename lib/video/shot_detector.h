// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/frame.h"

#include <array>
#include <cstdint>
#include <deque>
#include <memory>

namespace vremd::video {

// Finds the first frame of each shot: hard cuts, between two frames, not fades.
//
// Frames are compared as thumbnails: by the normalised correlation of their luma at the best shift
// (so that motion of the camera and changes of exposure do not count) and by the histogram of their
// colours. Brighter frames that disappear within three frames are a flash. Not
// thread-safe.
class ShotDetector {
 public:
  // A frame is decided after this many that follow it.
  static constexpr int kLookAhead = 3;

  void add(const Frame& frame);
  // Whether the oldest undecided frame begins a shot. The first frame of a video does not, nor does
  // one without a picture.
  bool take();

 private:
  static constexpr int kWidth = 64, kHeight = 36, kColours = 512;

  struct Thumbnail {
    std::array<float, kWidth * kHeight> luma;
    std::array<std::uint16_t, kColours> colours{};  // counts
    double mean = 0, deviation = 0;                 // of luma, 0 ... 255
    double change = 0, colour_change = 0;           // from the picture before
  };

  static std::unique_ptr<Thumbnail> thumbnail(const Frame& frame);
  static double colour_difference(const Thumbnail& a, const Thumbnail& b);
  static double difference(const Thumbnail& a, const Thumbnail& b);
  static double correlation(const Thumbnail& a, const Thumbnail& b, int dx, int dy);
  int length_of_flash(std::size_t first) const;

  bool is_cut(std::size_t at) const;

  // Undecided frames (null: no picture), behind the last decided one that has a picture.
  std::deque<std::unique_ptr<Thumbnail>> frames_;
  bool any_decided_ = false;
  int flash_ = 0;  // undecided frames up to the end of a flash
};

}  // namespace vremd::video
