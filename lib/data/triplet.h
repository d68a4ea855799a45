// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/frame.h"

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>

namespace vremd::data {

// Choice of the neighbours of a key frame (METHOD 1.2).
struct TripletOptions {
  int stride = 1;       // distance in frames; 0: no neighbours
  double delta_ms = 0;  // if > 0: the frames nearest in time to -delta_ms and +delta_ms
};

// Previous, key and next frame.
struct Triplet {
  std::array<FramePtr, 3> frames;       // missing neighbours are the key frame
  std::array<int, 2> neighbours{0, 0};  // frame offsets used, such as [-1, 1]; 0: the key frame
  int substituted = 0;                  // unusable neighbours: damaged or of a different size

  const FramePtr& key() const { return frames[1]; }
};

// Triplets around increasing key frames of one video, decoding only as far as required.
//
// At the ends of the video and of the shot, neighbours clamp to the first and last frame. Numbers
// may be missing, of frames that a live source skipped: by frames, a neighbour is then the nearest
// one that is at least `stride` away.
class TripletWindow {
 public:
  using Source = std::function<FramePtr()>;  // the video's next frame; null at its end

  TripletWindow(Source source, TripletOptions options);

  // The frames [first, end) of a shot.
  struct Shot {
    std::int64_t first = 0, end = INT64_MAX;
  };

  // The triplet around frame `key` of a shot, which must exceed that of the previous call. Nullopt
  // if the video ends before it, at frame decoded().
  std::optional<Triplet> around(std::int64_t key, Shot shot);
  std::optional<Triplet> around(std::int64_t key) { return around(key, Shot{}); }

  // Skips frames up to `index`; false if the video ends before it.
  bool reach(std::int64_t index);

  std::int64_t decoded() const { return decoded_; }

 private:
  bool pull();
  FramePtr at(std::int64_t index) const;
  FramePtr nearest(const Frame& key, double time, Shot shot) const;
  FramePtr at_stride(std::int64_t key, int side, Shot shot) const;
  std::deque<FramePtr>::const_iterator first_from(std::int64_t index) const;
  void fill_by_stride(std::int64_t key);
  void fill_by_time(std::int64_t key);
  void drop_before(std::int64_t index);

  Source source_;
  TripletOptions options_;
  std::deque<FramePtr> frames_;  // in order, up to the last decoded one
  std::int64_t decoded_ = 0;     // the number after that one's
  bool ended_ = false;
};

}  // namespace vremd::data
