// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/frame.h"
#include "video/av.h"
#include "video/rgb_converter.h"

#include <memory>
#include <string>

namespace vremd::video {

// Decodes still pictures straight from their bytes, without a demuxer: a training loader reads
// 10^5 small ones. One object may read many pictures; not to be shared between threads.
class PictureDecoder {
 public:
  // Error "path: what". `damaged` where the decoder complained but gave a picture.
  std::unique_ptr<Frame> read(const std::string& path);

  const std::string& codec() const { return codec_name_; }  // of the last picture

 private:
  void open_codec(const std::string& path, AVCodecID id);

  AVCodecID codec_id_ = AV_CODEC_ID_NONE;
  std::string codec_name_;
  std::unique_ptr<AvComplaints> complaints_ = std::make_unique<AvComplaints>();
  AvCodec codec_;
  AvPacket packet_;
  AvFrame picture_;
  RgbConverter converter_{true};
};

}  // namespace vremd::video
