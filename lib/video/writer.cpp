// SPDX-License-Identifier: Apache-2.0
#include "video/writer.h"

#include "core/error.h"
#include "core/log.h"
#include "core/picture_names.h"
#include "io/output_file.h"
#include "video/av.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>

namespace vremd::video {
namespace {

// The time base of variable rates, exact for 24, 25, 30, 50, 60 and 30000/1001 frames a second;
// MPEG-4 supports at most 65535 ticks.
constexpr int kVariableTicks = 60000;
constexpr int kMaxTicks = 65535;

AvFrame new_picture(int width, int height, AVPixelFormat format) {
  AvFrame picture(av_frame_alloc());
  if (!picture) throw std::bad_alloc();
  picture->width = width;
  picture->height = height;
  picture->format = format;
  if (av_frame_get_buffer(picture.get(), 0) < 0) throw std::bad_alloc();
  return picture;
}

// Converts RGB frames of one size to an encoder's pixel format, matrix and range. If the encoder's
// size is larger, the last column and row are repeated.
class PictureConverter {
 public:
  PictureConverter(int width, int height, const AVCodecContext& encoder);

  // The result is owned by the converter and valid until the next call. Errors name `place`.
  AVFrame& convert(const Frame& frame, const std::string& place);

 private:
  int width_, height_;
  AvFrame rgb_, picture_;
  AvScaler scaler_;
};

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
                           kUnity, kUnity);  // fails harmlessly for RGB
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
  // The encoder may still hold the last picture. The copy has the padding that swscale reads.
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

const AVCodec* first_encoder(const std::string& path, const std::vector<std::string>& names,
                             const AVOutputFormat& container) {
  bool any = false;
  for (const std::string& name : names) {
    const AVCodec* codec = avcodec_find_encoder_by_name(name.c_str());
    any = any || codec;
    if (!codec) continue;
    // Less than 0: libav does not know. Formats without sound, such as GIF, hold one codec only.
    const int holds = avformat_query_codec(&container, codec->id, FF_COMPLIANCE_NORMAL);
    if (holds > 0 || (holds < 0 && container.audio_codec != AV_CODEC_ID_NONE)) return codec;
  }
  if (any) fail("{}: this file format cannot hold {}", path, fmt::join(names, ", "));
  fail("{}: this libavcodec has no encoder {}", path, fmt::join(names, ", "));
}

AVPixelFormat pixel_format(const std::string& path, const AVCodec& codec,
                           const std::string& wanted) {
  if (!wanted.empty()) {
    const AVPixelFormat format = av_get_pix_fmt(wanted.c_str());
    if (format == AV_PIX_FMT_NONE) fail("{}: unknown pixel format {}", path, wanted);
    return format;
  }
  switch (codec.id) {
    case AV_CODEC_ID_FFV1: return AV_PIX_FMT_BGR0;  // lossless RGB
    case AV_CODEC_ID_PNG: return AV_PIX_FMT_RGB24;
    case AV_CODEC_ID_MJPEG: return AV_PIX_FMT_YUVJ420P;
    default: return AV_PIX_FMT_YUV420P;
  }
}

void set(AVDictionary** options, const char* key, const std::string& value) {
  if (av_dict_set(options, key, value.c_str(), 0) < 0) throw std::bad_alloc();
}

// The quantizer of MPEG-4 and MJPEG, 1 ... 31, roughly equivalent to x264's CRF `quality`.
int quantizer(int quality) { return quality == 0 ? 1 : std::clamp(quality / 2 - 6, 2, 31); }

void set_quality(AVCodecContext& encoder, int quality, AVDictionary** options) {
  const std::string name = encoder.codec->name;
  if (name == "libx264" || name == "libx265") {
    set(options, "preset", "veryfast");
    if (name == "libx264") {
      set(options, quality == 0 ? "qp" : "crf", std::to_string(quality));
    } else {
      // x265 has a log of its own.
      set(options, "x265-params",
          std::string("log-level=none") + (quality == 0 ? ":lossless=1" : ""));
      set(options, "crf", std::to_string(quality));
    }
  } else if (name == "libvpx-vp9") {
    set(options, "deadline", "realtime");
    set(options, "cpu-used", "5");
    if (quality == 0) set(options, "lossless", "1");
    set(options, "crf", std::to_string(quality * 63 / 51));
    encoder.bit_rate = 0;
  } else if (encoder.codec_id == AV_CODEC_ID_MPEG4 || encoder.codec_id == AV_CODEC_ID_MJPEG) {
    encoder.flags |= AV_CODEC_FLAG_QSCALE;
    encoder.global_quality = quantizer(quality) * FF_QP2LAMBDA;
  } else if (encoder.codec_id == AV_CODEC_ID_FFV1) {
    set(options, "level", "3");
    set(options, "slicecrc", "1");
  }
}

void set_colours(AVCodecContext& encoder) {
  const AVPixFmtDescriptor* format = av_pix_fmt_desc_get(encoder.pix_fmt);
  if (format->flags & AV_PIX_FMT_FLAG_RGB) return;
  // As RgbConverter interprets untagged video.
  const bool standard_definition = encoder.height <= 576;
  encoder.colorspace = standard_definition ? AVCOL_SPC_SMPTE170M : AVCOL_SPC_BT709;
  encoder.color_range = AVCOL_RANGE_MPEG;
  if (encoder.codec_id == AV_CODEC_ID_MJPEG) {
    encoder.colorspace = AVCOL_SPC_BT470BG;
    encoder.color_range = AVCOL_RANGE_JPEG;
  }
}

constexpr int kJpegQuality = 2;  // libav's scale: 1 is best, 31 worst

AvCodec open_image_encoder(const std::string& path, const Frame& frame) {
  const std::string ending = lower_extension(path);
  const bool png = ending == ".png", jpeg = ending == ".jpg" || ending == ".jpeg";
  if (!png && !jpeg) fail("{}: the extension of an image must be .png or .jpg", path);
  const AVCodec* codec = avcodec_find_encoder(png ? AV_CODEC_ID_PNG : AV_CODEC_ID_MJPEG);
  if (!codec) fail("{}: this libavcodec cannot encode {}", path, png ? "PNG" : "JPEG");
  AvCodec encoder(avcodec_alloc_context3(codec));
  if (!encoder) throw std::bad_alloc();
  encoder->width = frame.width;
  encoder->height = frame.height;
  encoder->time_base = {1, 25};  // required, without effect
  encoder->thread_count = 1;
  if (png) {
    encoder->pix_fmt = AV_PIX_FMT_RGB24;
  } else {
    encoder->pix_fmt = AV_PIX_FMT_YUVJ444P;  // keeps the colours of thin lines
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

struct VideoWriter::Impl {
  std::string path;
  VideoWriterOptions options;
  std::optional<io::PartialFile> file;
  std::vector<std::string> left;  // by stopped runs
  AvOutput muxer;                 // is closed before the file is removed
  AvCodec encoder;
  AvPacket packet{av_packet_alloc()};
  AVStream* stream = nullptr;
  const AVCodec* codec = nullptr;
  std::optional<PictureConverter> converter;
  std::int64_t frames = 0, last_pts = 0;
  bool variable = false;

  Impl(std::string path_, VideoWriterOptions options_);
  void check(int status, const char* action) const;
  void start(bool variable_rate);
  void open_encoder();
  void write(const Frame& frame, std::int64_t pts);
  void mux_packets();
  void finish();
};

VideoWriter::Impl::Impl(std::string path_, VideoWriterOptions options_)
    : path(std::move(path_)), options(std::move(options_)) {
  silence_libav();
  if (!packet) throw std::bad_alloc();
  if (options.width < 1 || options.height < 1 || options.fps.first < 1 || options.fps.second < 1) {
    fail("{}: cannot write {}x{} at {}/{} frames a second", path, options.width, options.height,
         options.fps.first, options.fps.second);
  }
  const AVOutputFormat* container = av_guess_format(nullptr, path.c_str(), nullptr);
  if (!container || container->flags & AVFMT_NOFILE) {
    fail("{}: unknown video format for this extension", path);
  }
  codec = first_encoder(path, options.codecs, *container);
  file.emplace(path, options.force);
  left = file->claim();
  AVFormatContext* context = nullptr;
  check(avformat_alloc_output_context2(&context, container, nullptr, file->name().c_str()), "open");
  muxer.reset(context);
  const std::string url = "file:" + file->name();
  check(avio_open(&context->pb, url.c_str(), AVIO_FLAG_WRITE), "open");
  stream = avformat_new_stream(context, nullptr);
  if (!stream) throw std::bad_alloc();
}

void VideoWriter::Impl::check(int status, const char* action) const {
  if (status >= 0) return;
  if (status == AVERROR(EPIPE)) throw io::BrokenPipe();
  fail("{}: cannot {}: {}", path, action, av_error_text(status));
}

void VideoWriter::Impl::open_encoder() {
  encoder.reset(avcodec_alloc_context3(codec));
  if (!encoder) throw std::bad_alloc();
  encoder->pix_fmt = pixel_format(path, *codec, options.pixel_format);
  encoder->width = options.width;
  encoder->height = options.height;
  if (codec->id == AV_CODEC_ID_H264 || codec->id == AV_CODEC_ID_HEVC) {
    // These require whole chroma samples.
    const AVPixFmtDescriptor* format = av_pix_fmt_desc_get(encoder->pix_fmt);
    const int unit_x = 1 << format->log2_chroma_w, unit_y = 1 << format->log2_chroma_h;
    encoder->width = (options.width + unit_x - 1) / unit_x * unit_x;
    encoder->height = (options.height + unit_y - 1) / unit_y * unit_y;
  }
  encoder->sample_aspect_ratio = {options.pixel_aspect.first, options.pixel_aspect.second};
  encoder->framerate = {options.fps.first, options.fps.second};
  encoder->time_base = {1, kVariableTicks};
  if (!variable) {
    av_reduce(&encoder->time_base.num, &encoder->time_base.den, options.fps.second,
              options.fps.first, kMaxTicks);
  }
  encoder->thread_count = std::max(options.threads, 1);
  if (options.gop > 0) encoder->gop_size = options.gop;
  if (options.b_frames >= 0) encoder->max_b_frames = options.b_frames;
  if (muxer->oformat->flags & AVFMT_GLOBALHEADER) encoder->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  set_colours(*encoder);

  AVDictionary* settings = nullptr;
  set_quality(*encoder, options.quality, &settings);
  clear_av_errors();
  const int status = avcodec_open2(encoder.get(), codec, &settings);
  av_dict_free(&settings);
  if (status < 0) {
    const std::string& error = last_av_error();
    fail("{}: cannot encode {} of {}x{} with {}: {}", path, av_get_pix_fmt_name(encoder->pix_fmt),
         options.width, options.height, codec->name, error.empty() ? av_error_text(status) : error);
  }
}

void VideoWriter::Impl::start(bool variable_rate) {
  variable = variable_rate;
  open_encoder();
  converter.emplace(options.width, options.height, *encoder);
  check(avcodec_parameters_from_context(stream->codecpar, encoder.get()), "write");
  stream->time_base = encoder->time_base;
  stream->avg_frame_rate = encoder->framerate;
  stream->sample_aspect_ratio = encoder->sample_aspect_ratio;
  if (options.rotation % 360 != 0) {
    std::int32_t* matrix = add_stream_display_matrix(*stream);
    if (!matrix) throw std::bad_alloc();
    av_display_rotation_set(matrix, options.rotation);  // clockwise
  }
  check(avformat_write_header(muxer.get(), nullptr), "write");
}

void VideoWriter::Impl::mux_packets() {
  for (;;) {
    const int status = avcodec_receive_packet(encoder.get(), packet.get());
    if (status == AVERROR(EAGAIN) || status == AVERROR_EOF) return;
    check(status, "encode");
    if (packet->duration == 0 && !variable) packet->duration = 1;
    av_packet_rescale_ts(packet.get(), encoder->time_base, stream->time_base);
    packet->stream_index = stream->index;
    check(av_interleaved_write_frame(muxer.get(), packet.get()), "write");
    check(muxer->pb->error, "write");
  }
}

void VideoWriter::Impl::write(const Frame& frame, std::int64_t pts) {
  if (frames > 0 && pts <= last_pts) {
    fail("{}: frame {} is not later than its predecessor", path, frame.index);
  }
  AVFrame& picture = converter->convert(frame, path);
  picture.pts = pts;
  picture.quality = encoder->global_quality;
  check(avcodec_send_frame(encoder.get(), &picture), "encode");
  last_pts = pts;
  ++frames;
  mux_packets();
}

void VideoWriter::Impl::finish() {
  check(avcodec_send_frame(encoder.get(), nullptr), "encode");
  mux_packets();
  check(av_write_trailer(muxer.get()), "write");
  avio_flush(muxer->pb);
  check(muxer->pb->error, "write");
  check(avio_closep(&muxer->pb), "write");
}

VideoWriter::VideoWriter(std::string path, VideoWriterOptions options)
    : impl_(std::make_unique<Impl>(std::move(path), std::move(options))) {}

VideoWriter::~VideoWriter() = default;

void VideoWriter::write(const Frame& frame) {
  if (!impl_->encoder) impl_->start(false);
  const std::int64_t ticks =
      impl_->variable ? kVariableTicks * impl_->options.fps.second / impl_->options.fps.first : 1;
  impl_->write(frame, impl_->frames > 0 ? impl_->last_pts + ticks : 0);
}

void VideoWriter::write(const Frame& frame, double time) {
  if (!impl_->encoder) impl_->start(true);
  impl_->write(frame, std::llround(time / av_q2d(impl_->encoder->time_base)));
}

void VideoWriter::close() {
  if (impl_->frames == 0) fail("{}: no frames to write", impl_->path);
  impl_->finish();
  impl_->file->commit();
  for (const std::string& name : impl_->left) impl_->file->remove(name);
}

std::string VideoWriter::keep_partial() {
  if (impl_->frames == 0) return "";
  impl_->finish();
  return impl_->file->keep();
}

std::string encode_picture(const std::string& path, const Frame& frame) {
  silence_libav();
  const AvCodec encoder = open_image_encoder(path, frame);
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
