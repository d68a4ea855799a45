// SPDX-License-Identifier: Apache-2.0
#include "core/error.h"
#include "io/output_file.h"
#include "video/picture_converter.h"
#include "video/writer.h"

#include <cctype>
#include <filesystem>

namespace vremd::video {
namespace {

constexpr int kJpegQuality = 2;  // libav's scale: 1 the best, 31 the worst

std::string lower_ending(const std::string& path) {
  std::string ending = std::filesystem::path(path).extension();
  for (char& c : ending) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return ending;
}

AvCodec open_encoder(const std::string& path, const Frame& frame) {
  const std::string ending = lower_ending(path);
  const bool png = ending == ".png", jpeg = ending == ".jpg" || ending == ".jpeg";
  if (!png && !jpeg) fail("{}: a picture is written as .png or .jpg", path);
  const AVCodec* codec = avcodec_find_encoder(png ? AV_CODEC_ID_PNG : AV_CODEC_ID_MJPEG);
  if (!codec) fail("{}: this libavcodec cannot encode {}", path, png ? "PNG" : "JPEG");
  AvCodec encoder(avcodec_alloc_context3(codec));
  if (!encoder) throw std::bad_alloc();
  encoder->width = frame.width;
  encoder->height = frame.height;
  encoder->time_base = {1, 25};  // must be something
  encoder->thread_count = 1;
  if (png) {
    encoder->pix_fmt = AV_PIX_FMT_RGB24;
  } else {
    encoder->pix_fmt = AV_PIX_FMT_YUVJ444P;  // thin lines keep their colours
    encoder->colorspace = AVCOL_SPC_BT470BG;
    encoder->color_range = AVCOL_RANGE_JPEG;
    encoder->flags |= AV_CODEC_FLAG_QSCALE;
    encoder->global_quality = kJpegQuality * FF_QP2LAMBDA;
  }
  const int status = avcodec_open2(encoder.get(), codec, nullptr);
  if (status < 0) {
    fail("{}: cannot encode {}x{}: {}", path, frame.width, frame.height, av_error_text(status));
  }
  return encoder;
}

}  // namespace

std::string encode_picture(const std::string& path, const Frame& frame) {
  silence_libav();
  const AvCodec encoder = open_encoder(path, frame);
  PictureConverter converter(frame.width, frame.height, *encoder);
  AVFrame& picture = converter.convert(frame, path);
  picture.pts = 0;
  picture.quality = encoder->global_quality;
  const AvPacket packet(av_packet_alloc());
  if (!packet) throw std::bad_alloc();
  int status = avcodec_send_frame(encoder.get(), &picture);
  if (status >= 0) status = avcodec_send_frame(encoder.get(), nullptr);
  if (status >= 0) status = avcodec_receive_packet(encoder.get(), packet.get());
  if (status < 0) fail("{}: cannot encode: {}", path, av_error_text(status));

  return {reinterpret_cast<const char*>(packet->data), static_cast<std::size_t>(packet->size)};
}

void write_picture(const std::string& path, const Frame& frame, bool force) {
  io::write_file(path, encode_picture(path, frame), force);
}

}  // namespace vremd::video
