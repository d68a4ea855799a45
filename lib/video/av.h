// SPDX-License-Identifier: Apache-2.0
#pragma once

// The only place with libav's headers and with #if on its versions: libavcodec 59 and newer.
// For the .cpp files of this folder and for tests.

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/display.h>
#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
}

#include <atomic>
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

struct AvIoDeleter {  // of a context with our own callbacks
  void operator()(AVIOContext* io) const {
    av_freep(&io->buffer);
    avio_context_free(&io);
  }
};

struct AvOutputDeleter {  // of a muxer, and the file it has open
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

// What a decoder complained about while it worked on a packet, from any of its threads. Point
// AVCodecContext::opaque at one before the packet is sent: libav copies it to the thread.
class AvComplaints {
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

// Takes over libav's log, once for the process: nothing is printed (but at the debug level),
// errors are kept for last_av_complaint() and AvComplaints.
void silence_libav();

// The last error that libav logged on this thread since forget_av_complaints(), "" if none; and
// the last one of a demuxer or muxer.
const std::string& last_av_complaint();
const std::string& last_format_complaint();
void forget_av_complaints();

// The text of a status, "Invalid data found when processing input".
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

// From the picture itself: EXIF of a JPEG, SEI of H.264. Null: none.
inline const std::int32_t* frame_display_matrix(const AVFrame& picture) {
  const AVFrameSideData* data = av_frame_get_side_data(&picture, AV_FRAME_DATA_DISPLAYMATRIX);
  if (!data || data->size < 9 * sizeof(std::int32_t)) return nullptr;
  return reinterpret_cast<const std::int32_t*>(data->data);
}

// Room for a display matrix (9 numbers, owned by the stream) in what a muxer will write.
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
