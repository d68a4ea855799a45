// SPDX-License-Identifier: Apache-2.0
#include "video/rgb_converter.h"

#include "core/error.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace vremd {
namespace {

// Some row converters of swscale work in groups of pixels and may write past the last one.
constexpr std::size_t kSlack = 64;

// Room for `size` bytes; what the vector holds is not cleared twice.
void resize_with_slack(std::vector<std::uint8_t>& bytes, std::size_t size) {
  bytes.reserve(size + kSlack);
  bytes.resize(size);
}

// The J formats are the plain ones with a full-range tag.
AVPixelFormat without_range(AVPixelFormat format, bool& full_range) {
  switch (format) {
    case AV_PIX_FMT_YUVJ420P: full_range = true; return AV_PIX_FMT_YUV420P;
    case AV_PIX_FMT_YUVJ422P: full_range = true; return AV_PIX_FMT_YUV422P;
    case AV_PIX_FMT_YUVJ444P: full_range = true; return AV_PIX_FMT_YUV444P;
    case AV_PIX_FMT_YUVJ440P: full_range = true; return AV_PIX_FMT_YUV440P;
    case AV_PIX_FMT_YUVJ411P: full_range = true; return AV_PIX_FMT_YUV411P;
    default: return format;
  }
}

bool is_gray(const AVPixFmtDescriptor& format) {
  return format.nb_components < 3 && !(format.flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL));
}

// Gray comes out of swscale as if it were full range.
void stretch_limited_range(std::uint8_t* bytes, std::size_t count) {
  std::uint8_t table[256];
  for (int y = 0; y < 256; ++y) {
    table[y] = static_cast<std::uint8_t>(std::clamp(((y - 16) * 255 + 109) / 219, 0, 255));
  }
  for (std::size_t i = 0; i < count; ++i) bytes[i] = table[bytes[i]];
}

// In tiles, so that a turned picture does not walk the memory column by column.
void turn(const std::uint8_t* from, int width, int height, Orientation how, std::uint8_t* to) {
  constexpr int kTile = 32;
  const int out_width = how.transposed ? height : width;
  const int out_height = how.transposed ? width : height;
  for (int tile_y = 0; tile_y < height; tile_y += kTile) {
    for (int tile_x = 0; tile_x < width; tile_x += kTile) {
      for (int y = tile_y; y < std::min(tile_y + kTile, height); ++y) {
        for (int x = tile_x; x < std::min(tile_x + kTile, width); ++x) {
          int u = how.transposed ? y : x, v = how.transposed ? x : y;
          if (how.flip_x) u = out_width - 1 - u;
          if (how.flip_y) v = out_height - 1 - v;
          std::memcpy(to + (static_cast<std::size_t>(v) * out_width + u) * 3,
                      from + (static_cast<std::size_t>(y) * width + x) * 3, 3);
        }
      }
    }
  }
}

}  // namespace

Orientation orientation_of(const std::int32_t* display_matrix) {
  if (!display_matrix) return {};
  // x' = a x + c y, y' = b x + d y
  const double a = display_matrix[0], b = display_matrix[1];
  const double c = display_matrix[3], d = display_matrix[4];
  if (std::abs(a) + std::abs(d) >= std::abs(b) + std::abs(c)) return {false, a < 0, d < 0};
  return {true, c < 0, b < 0};
}

RgbConverter::Key RgbConverter::key_of(const AVFrame& picture) const {
  Key key{picture.width, picture.height};
  key.full_range = picture.color_range == AVCOL_RANGE_JPEG;
  key.format = without_range(static_cast<AVPixelFormat>(picture.format), key.full_range);
  switch (picture.colorspace) {
    case AVCOL_SPC_BT709: key.matrix = SWS_CS_ITU709; break;
    case AVCOL_SPC_FCC: key.matrix = SWS_CS_FCC; break;
    case AVCOL_SPC_SMPTE240M: key.matrix = SWS_CS_SMPTE240M; break;
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL: key.matrix = SWS_CS_BT2020; break;
    case AVCOL_SPC_BT470BG:
    case AVCOL_SPC_SMPTE170M: key.matrix = SWS_CS_ITU601; break;
    default:  // untagged: standard definition is BT.601, above it BT.709
      key.matrix = still_ || picture.height <= 576 ? SWS_CS_ITU601 : SWS_CS_ITU709;
  }
  // Untagged gray is full range, as libav reads it; so is RGB.
  const AVPixFmtDescriptor* format = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(key.format));
  if (format && is_gray(*format)) key.full_range = picture.color_range != AVCOL_RANGE_MPEG;
  return key;
}

void RgbConverter::build(const Key& key, const std::string& place) {
  const auto format = static_cast<AVPixelFormat>(key.format);
  const AVPixFmtDescriptor* description = av_pix_fmt_desc_get(format);
  if (!description || !sws_isSupportedInput(format)) {
    fail("{}: cannot convert pixel format {}", place, description ? description->name : "?");
  }
  // 8 bits 4:2:0 and 4:2:2 take swscale's fast path. The others would lose half of their chroma
  // columns on the general path without these flags.
  const bool fast = (format == AV_PIX_FMT_YUV420P || format == AV_PIX_FMT_YUV422P) &&
                    key.height % 2 == 0;
  const int flags =
      fast ? SWS_BILINEAR : SWS_BILINEAR | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT;
  scaler_.reset(sws_getContext(key.width, key.height, format, key.width, key.height,
                               AV_PIX_FMT_RGB24, flags, nullptr, nullptr, nullptr));
  if (!scaler_) {
    fail("{}: cannot convert {} pictures of {}x{}", place, description->name, key.width,
         key.height);
  }
  const bool yuv = !is_gray(*description) &&
                   !(description->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL));
  constexpr int kUnity = 1 << 16;  // contrast, saturation
  if (yuv && sws_setColorspaceDetails(scaler_.get(), sws_getCoefficients(key.matrix),
                                      key.full_range, sws_getCoefficients(SWS_CS_DEFAULT), 1, 0,
                                      kUnity, kUnity) < 0) {
    fail("{}: cannot convert the colours of pixel format {}", place, description->name);
  }
  key_ = key;
}

void RgbConverter::convert(const AVFrame& picture, Orientation orientation,
                           const std::string& place, Frame& frame) {
  const Key key = key_of(picture);
  if (!scaler_ || !(key == key_)) build(key, place);
  const std::size_t size = static_cast<std::size_t>(key.width) * key.height * 3;
  std::vector<std::uint8_t>& target = orientation.upright() ? frame.rgb : unturned_;
  resize_with_slack(target, size);

  std::uint8_t* const planes[4] = {target.data()};
  const int strides[4] = {key.width * 3};
  const int rows = sws_scale(scaler_.get(), picture.data, picture.linesize, 0, key.height, planes,
                             strides);
  if (rows != key.height) fail("{}: cannot convert a picture: {}", place, av_error_text(rows));
  const AVPixFmtDescriptor* format = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(key.format));
  if (is_gray(*format) && !key.full_range) stretch_limited_range(target.data(), size);

  frame.width = orientation.transposed ? key.height : key.width;
  frame.height = orientation.transposed ? key.width : key.height;
  if (orientation.upright()) return;
  frame.rgb.resize(size);
  turn(unturned_.data(), key.width, key.height, orientation, frame.rgb.data());
}

}  // namespace vremd
