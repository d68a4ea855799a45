// SPDX-License-Identifier: Apache-2.0
#include "video/rgb_converter.h"

#include "core/error.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace vremd::video {
namespace {

// Some row converters of swscale process groups of pixels and write past the last one.
constexpr std::size_t kSlack = 64;

// The J formats are the regular ones with full range.
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

// Planar, whole bytes, native byte order: the input of yuv_to_rgb().
bool is_plain_yuv(const AVPixFmtDescriptor& format) {
  constexpr std::uint64_t kOthers = AV_PIX_FMT_FLAG_BE | AV_PIX_FMT_FLAG_PAL |
                                    AV_PIX_FMT_FLAG_BITSTREAM | AV_PIX_FMT_FLAG_HWACCEL |
                                    AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_FLOAT;
  if (format.flags & kOthers) return false;
  const int depth = format.comp[0].depth;
  if (depth < 8 || depth > 16) return false;
  const int count = format.nb_components >= 3 ? 3 : 1;
  for (int i = 0; i < count; ++i) {
    const AVComponentDescriptor& component = format.comp[i];
    if (component.plane != i || component.step != (depth + 7) / 8 || component.offset != 0 ||
        component.shift != 0 || component.depth != depth) {
      return false;
    }
  }
  return true;
}

// In tiles, because column-by-column access is slow.
void reorient(const std::uint8_t* from, int width, int height, Orientation how, std::uint8_t* to) {
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

YuvMatrix RgbConverter::matrix_of(const AVFrame& picture) const {
  switch (picture.colorspace) {
    case AVCOL_SPC_BT709: return kBt709;
    case AVCOL_SPC_FCC: return kFcc;
    case AVCOL_SPC_SMPTE240M: return kSmpte240;
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL: return kBt2020;
    case AVCOL_SPC_BT470BG:
    case AVCOL_SPC_SMPTE170M: return kBt601;
    default:  // untagged: BT.601 up to standard definition, else BT.709
      return still_ || picture.height <= 576 ? kBt601 : kBt709;
  }
}

// All other formats: RGB, palettes, packed YUV.
void RgbConverter::scale(const AVFrame& picture, const std::string& place, std::uint8_t* rgb) {
  const auto format = static_cast<AVPixelFormat>(picture.format);
  const char* name = av_get_pix_fmt_name(format);
  const Key key{picture.width, picture.height, picture.format, matrix_of(picture),
                picture.color_range == AVCOL_RANGE_JPEG};
  if (!scaler_ || !(key == key_)) {
    scaler_.reset();
    if (sws_isSupportedInput(format)) {
      scaler_.reset(sws_getContext(
          key.width, key.height, format, key.width, key.height, AV_PIX_FMT_RGB24,
          SWS_POINT | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT, nullptr, nullptr, nullptr));
    }
    if (!scaler_) fail("{}: cannot convert pixel format {}", place, name ? name : "?");
    const int matrix = key.matrix == kBt709      ? SWS_CS_ITU709
                       : key.matrix == kBt2020   ? SWS_CS_BT2020
                       : key.matrix == kFcc      ? SWS_CS_FCC
                       : key.matrix == kSmpte240 ? SWS_CS_SMPTE240M
                                                 : SWS_CS_ITU601;
    constexpr int kUnity = 1 << 16;  // contrast, saturation
    // Fails harmlessly for RGB.
    sws_setColorspaceDetails(scaler_.get(), sws_getCoefficients(matrix), key.full_range,
                             sws_getCoefficients(SWS_CS_DEFAULT), 1, 0, kUnity, kUnity);
    key_ = key;
  }
  std::uint8_t* const planes[4] = {rgb};
  const int strides[4] = {key.width * 3};
  const int rows =
      sws_scale(scaler_.get(), picture.data, picture.linesize, 0, key.height, planes, strides);
  if (rows != key.height) fail("{}: cannot convert a picture: {}", place, av_error_text(rows));
}

void RgbConverter::convert(const AVFrame& picture, Orientation orientation,
                           const std::string& place, Frame& frame) {
  const std::size_t size = static_cast<std::size_t>(picture.width) * picture.height * 3;
  std::vector<std::uint8_t>& target = orientation.upright() ? frame.rgb : unrotated_;
  target.resize(size + kSlack);

  YuvPicture yuv;
  yuv.full_range = picture.color_range == AVCOL_RANGE_JPEG;
  const AVPixelFormat format =
      without_range(static_cast<AVPixelFormat>(picture.format), yuv.full_range);
  const AVPixFmtDescriptor* description = av_pix_fmt_desc_get(format);
  if (description && is_plain_yuv(*description)) {
    const bool gray = description->nb_components < 3;
    for (int i = 0; i < (gray ? 1 : 3); ++i) {
      yuv.planes[i] = picture.data[i];
      yuv.strides[i] = picture.linesize[i];
    }
    yuv.width = picture.width;
    yuv.height = picture.height;
    yuv.depth = description->comp[0].depth;
    yuv.chroma_shift_x = description->log2_chroma_w;
    yuv.chroma_shift_y = description->log2_chroma_h;
    yuv.matrix = matrix_of(picture);
    if (gray)
      yuv.full_range = picture.color_range != AVCOL_RANGE_MPEG;  // untagged: full, as in libav
    yuv_to_rgb(yuv, target.data());
  } else {
    scale(picture, place, target.data());
  }
  target.resize(size);

  frame.width = orientation.transposed ? picture.height : picture.width;
  frame.height = orientation.transposed ? picture.width : picture.height;
  if (orientation.upright()) return;
  frame.rgb.resize(size);
  reorient(unrotated_.data(), picture.width, picture.height, orientation, frame.rgb.data());
}

}  // namespace vremd::video
