// SPDX-License-Identifier: Apache-2.0
#include "video/picture_decoder.h"

#include "core/error.h"
#include "core/picture_names.h"
#include "video/reader.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string_view>

namespace vremd::video {
namespace {

// A larger image is a mistake or an attack: 2^28 pixels are 0.8 GB of RGB.
constexpr std::int64_t kMaxPixels = std::int64_t{1} << 28;

struct FileCloser {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, FileCloser>;

// The codec by the first bytes; NONE if they do not begin an image.
AVCodecID codec_of(std::string_view head) {
  using namespace std::literals;
  if (head.starts_with("\xff\xd8\xff"sv)) return AV_CODEC_ID_MJPEG;
  if (head.starts_with("\x89PNG\r\n\x1a\n"sv)) return AV_CODEC_ID_PNG;
  if (head.starts_with("II*\0"sv) || head.starts_with("MM\0*"sv)) return AV_CODEC_ID_TIFF;
  if (head.starts_with("RIFF"sv) && head.size() >= 12 && head.substr(8, 4) == "WEBP"sv) {
    return AV_CODEC_ID_WEBP;
  }
  if (head.starts_with("\0\0\0\x0cjP  \r\n\x87\n"sv)) return AV_CODEC_ID_JPEG2000;
  if (head.size() > 2 && head[0] == 'P' && std::isspace(static_cast<unsigned char>(head[2]))) {
    if (head[1] == '2' || head[1] == '5') return AV_CODEC_ID_PGM;
    if (head[1] == '3' || head[1] == '6') return AV_CODEC_ID_PPM;
  }
  // BM, 4 bytes of length, 4 reserved bytes that are zero
  if (head.starts_with("BM"sv) && head.size() >= 10 && head.substr(6, 4) == "\0\0\0\0"sv) {
    return AV_CODEC_ID_BMP;
  }
  return AV_CODEC_ID_NONE;
}

constexpr std::size_t kHeadSize = 16;

}  // namespace

void PictureDecoder::open_codec(const std::string& path, AVCodecID id) {
  const AVCodec* codec = avcodec_find_decoder(id);
  if (!codec) fail("{}: this libavcodec cannot decode {}", path, avcodec_get_name(id));
  codec_.reset(avcodec_alloc_context3(codec));
  if (!packet_) packet_.reset(av_packet_alloc());
  if (!picture_) picture_.reset(av_frame_alloc());
  if (!codec_ || !packet_ || !picture_) throw std::bad_alloc();
  codec_->thread_count = 1;
  codec_->max_pixels = kMaxPixels;
  codec_->opaque = decoder_errors_.get();
  const int status = avcodec_open2(codec_.get(), codec, nullptr);
  if (status < 0) fail("{}: cannot decode {}: {}", path, codec->name, av_error_text(status));
  codec_id_ = id;
  codec_name_ = avcodec_get_name(id);
}

std::unique_ptr<Frame> PictureDecoder::read(const std::string& path) {
  silence_libav();
  // Without waiting for the writer of a named pipe.
  const int descriptor = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  const File file(descriptor >= 0 ? fdopen(descriptor, "rb") : nullptr);
  if (!file) fail("{}: cannot open: {}", path, std::strerror(errno));
  struct stat properties{};
  if (fstat(descriptor, &properties) != 0 || !S_ISREG(properties.st_mode)) {
    fail("{}: not a file", path);
  }
  const std::int64_t size = properties.st_size;
  if (size == 0) throw BadPicture(path + ": the file is empty");
  constexpr std::int64_t kMaxBytes = std::int64_t{1} << 30;
  if (size > kMaxBytes) fail("{}: too large for an image", path);

  if (!packet_) packet_.reset(av_packet_alloc());
  if (packet_) av_packet_unref(packet_.get());  // the previous image may have failed
  if (!packet_ || av_new_packet(packet_.get(), static_cast<int>(size)) < 0) throw std::bad_alloc();
  const std::size_t count = std::fread(packet_->data, 1, packet_->size, file.get());
  if (std::ferror(file.get())) fail("{}: cannot read: {}", path, std::strerror(errno));
  if (count < static_cast<std::size_t>(size)) {
    fail("{}: cannot read: the file was truncated while it was read", path);
  }
  packet_->flags |= AV_PKT_FLAG_KEY;  // else libav's PNG decoder adds it to the previous image

  const AVCodecID id =
      codec_of({reinterpret_cast<const char*>(packet_->data), std::min(kHeadSize, count)});
  if (id == AV_CODEC_ID_NONE) throw BadPicture(path + ": not an image");
  if (!codec_ || codec_id_ != id) open_codec(path, id);

  decoder_errors_->clear();
  int status = avcodec_send_packet(codec_.get(), packet_.get());
  av_packet_unref(packet_.get());
  if (status >= 0) status = avcodec_receive_frame(codec_.get(), picture_.get());
  if (status == AVERROR(EAGAIN)) {  // a decoder with delay
    avcodec_send_packet(codec_.get(), nullptr);
    status = avcodec_receive_frame(codec_.get(), picture_.get());
  }
  if (status < 0) {
    codec_.reset();
    if (status == AVERROR(ENOMEM)) throw std::bad_alloc();
    throw BadPicture(
        fmt::format("{}: cannot decode: {}", path,
                    decoder_errors_->any() ? decoder_errors_->last() : av_error_text(status)));
  }
  auto frame = std::make_unique<Frame>();
  frame->damaged = decoder_errors_->any() || (picture_->flags & AV_FRAME_FLAG_CORRUPT) ||
                   picture_->decode_error_flags != 0;
  converter_.convert(*picture_, orientation_of(frame_display_matrix(*picture_)), path, *frame);
  av_frame_unref(picture_.get());
  avcodec_flush_buffers(codec_.get());
  return frame;
}

FramePtr read_picture(const std::string& path) {
  thread_local PictureDecoder decoder;
  return decoder.read(path);
}

bool is_picture(const std::string& path) {
  struct stat status{};
  const bool exists = stat(path.c_str(), &status) == 0, is_regular = S_ISREG(status.st_mode);
  if (has_picture_name(path)) return !exists || is_regular;
  // With another ending it may be a video that begins like an image (.mjpeg, .apng).
  if (!lower_extension(path).empty() || !exists || !is_regular) return false;
  const File file(std::fopen(path.c_str(), "rbe"));
  char head[kHeadSize];
  const std::size_t count = file ? std::fread(head, 1, sizeof head, file.get()) : 0;
  return codec_of({head, count}) != AV_CODEC_ID_NONE;
}

}  // namespace vremd::video
