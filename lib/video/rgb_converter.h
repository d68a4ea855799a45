// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/frame.h"
#include "core/orientation.h"
#include "video/av.h"
#include "video/yuv_to_rgb.h"

#include <cstdint>
#include <string>
#include <vector>

namespace vremd::video {

// From libav's display matrix (16.16 fixed point, row vectors); null means upright. Angles are
// rounded to multiples of 90 degrees.
Orientation orientation_of(const std::int32_t* display_matrix);

// Converts decoded pictures of any pixel format to upright RGB. Not thread-safe.
class RgbConverter {
 public:
  // `still`: untagged pictures are BT.601 at any size (JFIF).
  explicit RgbConverter(bool still) : still_(still) {}

  // Sets width, height and rgb of `frame`. Errors name `place`.
  void convert(const AVFrame& picture, Orientation orientation, const std::string& place,
               Frame& frame);

 private:
  struct Key {
    int width = 0, height = 0;
    int format = AV_PIX_FMT_NONE;
    YuvMatrix matrix = kBt601;
    bool full_range = false;
    bool operator==(const Key&) const = default;
  };

  YuvMatrix matrix_of(const AVFrame& picture) const;
  void scale(const AVFrame& picture, const std::string& place, std::uint8_t* rgb);

  bool still_;
  Key key_;
  AvScaler scaler_;
  std::vector<std::uint8_t> unrotated_;
};

}  // namespace vremd::video
