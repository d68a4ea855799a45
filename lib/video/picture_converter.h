// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/frame.h"
#include "video/av.h"

#include <string>

namespace vremd::video {

// Turns RGB frames of one size into pictures for an encoder. The encoder's size may exceed the
// frame's: the last column and row are repeated. Colours follow the encoder's matrix and range.
class PictureConverter {
 public:
  PictureConverter(int width, int height, const AVCodecContext& encoder);

  // Owned by the converter and overwritten by the next call. Errors name `place`.
  AVFrame& convert(const Frame& frame, const std::string& place);

 private:
  int width_, height_;
  AvFrame rgb_, picture_;
  AvScaler scaler_;
};

}  // namespace vremd::video
