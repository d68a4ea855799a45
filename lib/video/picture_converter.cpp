// SPDX-License-Identifier: Apache-2.0
#include "video/picture_converter.h"

#include "core/error.h"

#include <cstring>

namespace vremd::video {
namespace {

AvFrame new_picture(int width, int height, AVPixelFormat format) {
  AvFrame picture(av_frame_alloc());
  if (!picture) throw std::bad_alloc();
  picture->width = width;
  picture->height = height;
  picture->format = format;
  if (av_frame_get_buffer(picture.get(), 0) < 0) throw std::bad_alloc();
  return picture;
}

}  // namespace

PictureConverter::PictureConverter(int width, int height, const AVCodecContext& encoder)
    : width_(width),
      height_(height),
      rgb_(new_picture(encoder.width, encoder.height, AV_PIX_FMT_RGB24)),
      picture_(new_picture(encoder.width, encoder.height, encoder.pix_fmt)) {
  picture_->colorspace = encoder.colorspace;
  picture_->color_range = encoder.color_range;
  scaler_.reset(sws_getContext(encoder.width, encoder.height, AV_PIX_FMT_RGB24, encoder.width,
                               encoder.height, encoder.pix_fmt,
                               SWS_BILINEAR | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INP, nullptr,
                               nullptr, nullptr));
  if (!scaler_) fail("cannot convert RGB to {}", av_get_pix_fmt_name(encoder.pix_fmt));
  const int matrix = encoder.colorspace == AVCOL_SPC_BT709 ? SWS_CS_ITU709 : SWS_CS_ITU601;
  constexpr int kUnity = 1 << 16;  // contrast, saturation
  sws_setColorspaceDetails(scaler_.get(), sws_getCoefficients(SWS_CS_DEFAULT), 1,
                           sws_getCoefficients(matrix), encoder.color_range == AVCOL_RANGE_JPEG, 0,
                           kUnity, kUnity);  // refused for RGB: nothing to set
}

AVFrame& PictureConverter::convert(const Frame& frame, const std::string& place) {
  const std::size_t row_bytes = static_cast<std::size_t>(width_) * 3;
  if (frame.width != width_ || frame.height != height_) {
    fail("{}: frame {} is {}x{}, not {}x{}", place, frame.index, frame.width, frame.height, width_,
         height_);
  }
  if (frame.rgb.size() != row_bytes * height_) {
    fail("{}: frame {} has no pixels", place, frame.index);
  }
  // The encoder may still hold the last one. The copy has the margin that swscale reads.
  if (av_frame_make_writable(picture_.get()) < 0) throw std::bad_alloc();
  for (int y = 0; y < rgb_->height; ++y) {
    std::uint8_t* row = rgb_->data[0] + static_cast<std::ptrdiff_t>(y) * rgb_->linesize[0];
    std::memcpy(row, frame.row(y < height_ ? y : height_ - 1), row_bytes);
    for (int x = width_; x < rgb_->width; ++x) std::memcpy(row + x * 3, row + row_bytes - 3, 3);
  }
  const int rows = sws_scale(scaler_.get(), rgb_->data, rgb_->linesize, 0, rgb_->height,
                             picture_->data, picture_->linesize);
  if (rows != rgb_->height) fail("{}: cannot convert a frame: {}", place, av_error_text(rows));
  return *picture_;
}

}  // namespace vremd::video
