// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/frame.h"

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>

namespace vremd::data {

// Which frames stand beside a key frame (METHOD 1.2).
struct TripletOptions {
  int stride = 1;       // neighbours in steps of frames; 0: none is looked at
  double delta_ms = 0;  // > 0 instead: the frames nearest in time to -delta_ms and +delta_ms
};

// Previous, key and next frame of one moment.
struct Triplet {
  std::array<FramePtr, 3> frames;       // a neighbour that there is not is the key frame itself
  std::array<int, 2> neighbours{0, 0};  // frame offsets used, such as [-1, 1]; 0: the key frame
  int substituted = 0;  // neighbours in the video that cannot be used: missing, or of another size

  const FramePtr& key() const { return frames[1]; }
};

// Triplets around growing key frames of one video, of which no more is decoded than they need.
//
// The ends clamp: the first and last frame of the video stand in for what lies beyond them.
class TripletWindow {
 public:
  using Source = std::function<FramePtr()>;  // the video's next frame; null at its end

  TripletWindow(Source source, TripletOptions options);

  // The triplet around frame `key`, which must exceed that of the call before. Nothing: the video
  // ends before it, after decoded() frames.
  std::optional<Triplet> around(std::int64_t key);

  // Skips to frame `index`; false: the video ends before it.
  bool reach(std::int64_t index);

  std::int64_t decoded() const { return decoded_; }

 private:
  bool pull();
  FramePtr at(std::int64_t index) const;
  FramePtr nearest(const Frame& key, double time) const;
  void fill_by_stride(std::int64_t key);
  void fill_by_time(std::int64_t key);
  void drop_before(std::int64_t index);

  Source source_;
  TripletOptions options_;
  std::deque<FramePtr> frames_;  // consecutive, the last one is the last that was decoded
  std::int64_t decoded_ = 0;
  bool ended_ = false;
};

}  // namespace vremd::data
