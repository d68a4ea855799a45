// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/frame.h"
#include "video/av.h"
#include "video/rgb_converter.h"

#include <memory>
#include <string>

namespace vremd::video {

// Decodes still images without a demuxer, which is faster for the 10^5 small ones of a training
// set. Reusable; not thread-safe.
class PictureDecoder {
 public:
  // Error "path: what". The frame is `damaged` if the decoder logged errors.
  std::unique_ptr<Frame> read(const std::string& path);

  const std::string& codec() const { return codec_name_; }  // of the last picture

 private:
  void open_codec(const std::string& path, AVCodecID id);

  AVCodecID codec_id_ = AV_CODEC_ID_NONE;
  std::string codec_name_;
  std::unique_ptr<DecoderErrors> decoder_errors_ = std::make_unique<DecoderErrors>();
  AvCodec codec_;
  AvPacket packet_;
  AvFrame picture_;
  RgbConverter converter_{true};
};

}  // namespace vremd::video
