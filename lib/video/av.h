// SPDX-License-Identifier: Apache-2.0
#pragma once

// libav's headers (libavcodec 59 and newer), RAII and version differences. Private to this folder
// and its tests.

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/crc.h>
#include <libavutil/display.h>
#include <libavutil/imgutils.h>
#include <libavutil/intreadwrite.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
}

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

namespace vremd::video {

template <auto kFree>
struct AvDeleter {  // void kFree(T**)
  template <typename T>
  void operator()(T* object) const {
    kFree(&object);
  }
};

struct AvIoDeleter {  // a context with custom callbacks
  void operator()(AVIOContext* io) const {
    av_freep(&io->buffer);
    avio_context_free(&io);
  }
};

struct AvOutputDeleter {  // a muxer and its open file
  void operator()(AVFormatContext* format) const {
    avio_closep(&format->pb);
    avformat_free_context(format);
  }
};

struct AvScalerDeleter {
  void operator()(SwsContext* scaler) const { sws_freeContext(scaler); }
};

using AvFrame = std::unique_ptr<AVFrame, AvDeleter<av_frame_free>>;
using AvPacket = std::unique_ptr<AVPacket, AvDeleter<av_packet_free>>;
using AvCodec = std::unique_ptr<AVCodecContext, AvDeleter<avcodec_free_context>>;
using AvInput = std::unique_ptr<AVFormatContext, AvDeleter<avformat_close_input>>;
using AvOutput = std::unique_ptr<AVFormatContext, AvOutputDeleter>;
using AvIo = std::unique_ptr<AVIOContext, AvIoDeleter>;
using AvScaler = std::unique_ptr<SwsContext, AvScalerDeleter>;

// Options by name, for calls that take and change a dictionary.
class AvOptions {
 public:
  AvOptions() = default;
  ~AvOptions() { av_dict_free(&options_); }
  AvOptions(const AvOptions&) = delete;
  AvOptions& operator=(const AvOptions&) = delete;

  void set(const char* name, const char* value) { av_dict_set(&options_, name, value, 0); }
  AVDictionary** get() { return &options_; }

 private:
  AVDictionary* options_ = nullptr;
};

// For a URL: a connection that breaks is made again, a server that does not answer is an error.
void set_network_options(AvOptions& options, const std::string& url);

// How often libav has connected again, or tried to, on this thread.
std::int64_t reconnects();

// The errors that a decoder logs for one packet, from any of its threads. Set
// AVCodecContext::opaque to its address before sending the packet: libav passes it on to the
// thread.
class DecoderErrors {
 public:
  void add(std::string line);
  void clear();
  bool any() const { return any_; }
  std::string last() const;

 private:
  std::atomic<bool> any_{false};
  mutable std::mutex mutex_;
  std::string last_;
};

// Redirects libav's log for the whole process: messages are printed only at debug level, errors are
// kept for last_av_error() and DecoderErrors.
void silence_libav();

// The last error that libav logged on this thread since clear_av_errors() ("" if none), and the
// last one of a demuxer or muxer.
const std::string& last_av_error();
const std::string& last_container_error();
void clear_av_errors();

// A context with callbacks, as avio_alloc_context() takes them; `seek` may be null.
AvIo make_av_io(void* opaque, int (*read)(void*, std::uint8_t*, int),
                std::int64_t (*seek)(void*, std::int64_t, int));

// The message for a status, e.g. "Invalid data found when processing input".
std::string av_error_text(int status);

inline const std::int32_t* stream_display_matrix(const AVStream& stream) {
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(60, 30, 100)
  const AVPacketSideData* data =
      av_packet_side_data_get(stream.codecpar->coded_side_data, stream.codecpar->nb_coded_side_data,
                              AV_PKT_DATA_DISPLAYMATRIX);
  if (!data || data->size < 9 * sizeof(std::int32_t)) return nullptr;
  return reinterpret_cast<const std::int32_t*>(data->data);
#else
  size_t size = 0;
  const std::uint8_t* data = av_stream_get_side_data(&stream, AV_PKT_DATA_DISPLAYMATRIX, &size);
  if (!data || size < 9 * sizeof(std::int32_t)) return nullptr;
  return reinterpret_cast<const std::int32_t*>(data);
#endif
}

// From the picture itself (JPEG EXIF, H.264 SEI); null if absent.
inline const std::int32_t* frame_display_matrix(const AVFrame& picture) {
  const AVFrameSideData* data = av_frame_get_side_data(&picture, AV_FRAME_DATA_DISPLAYMATRIX);
  if (!data || data->size < 9 * sizeof(std::int32_t)) return nullptr;
  return reinterpret_cast<const std::int32_t*>(data->data);
}

// Allocates a display matrix (9 numbers, owned by the stream) for the muxer to write.
inline std::int32_t* add_stream_display_matrix(AVStream& stream) {
  constexpr size_t kSize = 9 * sizeof(std::int32_t);
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(60, 30, 100)
  AVPacketSideData* data = av_packet_side_data_new(&stream.codecpar->coded_side_data,
                                                   &stream.codecpar->nb_coded_side_data,
                                                   AV_PKT_DATA_DISPLAYMATRIX, kSize, 0);
  return data ? reinterpret_cast<std::int32_t*>(data->data) : nullptr;
#else
  return reinterpret_cast<std::int32_t*>(
      av_stream_new_side_data(&stream, AV_PKT_DATA_DISPLAYMATRIX, kSize));
#endif
}

}  // namespace vremd::video
