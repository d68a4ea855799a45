// SPDX-License-Identifier: Apache-2.0
#include "video/av.h"

#include <new>

#include "core/log.h"

#include <cstdarg>
#include <cstdio>

namespace vremd::video {
namespace {

thread_local std::string last_error, container_error;
thread_local std::int64_t reconnect_count = 0;

void keep_error(void* who, int level, const char* format, va_list arguments) {
  if (level > AV_LOG_WARNING) return;
  char text[512];
  std::vsnprintf(text, sizeof text, format, arguments);
  std::string line = text;
  while (!line.empty() && (line.back() == '\n' || line.back() == '.' || line.back() == ' ')) {
    line.pop_back();
  }
  if (line.empty()) return;
  log_line(LogLevel::kDebug, "libav: " + line);
  if (line.starts_with("Will reconnect at")) ++reconnect_count;  // of the HTTP protocol
  if (level > AV_LOG_ERROR) return;
  // Every object that logs begins with a pointer to its class.
  const AVClass* kind = who ? *static_cast<const AVClass* const*>(who) : nullptr;
  if (kind && kind == avformat_get_class()) container_error = line;
  if (kind && kind == avcodec_get_class()) {
    const auto* codec = static_cast<const AVCodecContext*>(who);
    if (codec->opaque) static_cast<DecoderErrors*>(codec->opaque)->add(line);
  }
  last_error = std::move(line);
}

}  // namespace

void DecoderErrors::add(std::string line) {
  const std::lock_guard lock(mutex_);
  last_ = std::move(line);
  any_ = true;
}

void DecoderErrors::clear() {
  const std::lock_guard lock(mutex_);
  last_.clear();
  any_ = false;
}

std::string DecoderErrors::last() const {
  const std::lock_guard lock(mutex_);
  return last_;
}

void silence_libav() {
  static std::once_flag once;
  std::call_once(once, [] { av_log_set_callback(keep_error); });
}

std::int64_t reconnects() { return reconnect_count; }

const std::string& last_av_error() { return last_error; }
const std::string& last_container_error() { return container_error; }

void clear_av_errors() {
  last_error.clear();
  container_error.clear();
}

std::string av_error_text(int status) {
  char text[AV_ERROR_MAX_STRING_SIZE] = "";
  av_strerror(status, text, sizeof text);
  return text;
}

void set_network_options(AvOptions& options, const std::string& url) {
  if (url.starts_with("http")) {
    options.set("reconnect", "1");
    options.set("reconnect_streamed", "1");
    options.set("reconnect_delay_max", "10");  // seconds
    options.set("rw_timeout", "30000000");     // microseconds
  }
  if (url.starts_with("rtsp")) {
    options.set("rtsp_flags", "prefer_tcp");  // UDP loses packets
    options.set("timeout", "30000000");       // microseconds
  }
}

AvIo make_av_io(void* opaque, int (*read)(void*, std::uint8_t*, int),
                std::int64_t (*seek)(void*, std::int64_t, int)) {
  constexpr int kBuffer = 1 << 16;
  auto* buffer = static_cast<unsigned char*>(av_malloc(kBuffer));
  if (!buffer) throw std::bad_alloc();
  AvIo io(avio_alloc_context(buffer, kBuffer, 0, opaque, read, nullptr, seek));
  if (!io) {
    av_free(buffer);
    throw std::bad_alloc();
  }
  return io;
}

}  // namespace vremd::video
