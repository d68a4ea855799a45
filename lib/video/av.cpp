// SPDX-License-Identifier: Apache-2.0
#include "video/av.h"

#include "core/log.h"

#include <cstdarg>
#include <cstdio>

namespace vremd::video {
namespace {

thread_local std::string last_complaint, format_complaint;

void keep_complaint(void* who, int level, const char* format, va_list arguments) {
  if (level > AV_LOG_WARNING) return;
  char text[512];
  std::vsnprintf(text, sizeof text, format, arguments);
  std::string line = text;
  while (!line.empty() && (line.back() == '\n' || line.back() == '.' || line.back() == ' ')) {
    line.pop_back();
  }
  if (line.empty()) return;
  if (log_level() >= LogLevel::kDebug) log_debug("libav: {}", line);
  if (level > AV_LOG_ERROR) return;
  // Every object that may log starts with a pointer to its class.
  const AVClass* kind = who ? *static_cast<const AVClass* const*>(who) : nullptr;
  if (kind && kind == avformat_get_class()) format_complaint = line;
  if (kind && kind == avcodec_get_class()) {
    const auto* codec = static_cast<const AVCodecContext*>(who);
    if (codec->opaque) static_cast<AvComplaints*>(codec->opaque)->add(line);
  }
  last_complaint = std::move(line);
}

}  // namespace

void AvComplaints::add(std::string line) {
  const std::lock_guard lock(mutex_);
  last_ = std::move(line);
  any_ = true;
}

void AvComplaints::clear() {
  const std::lock_guard lock(mutex_);
  last_.clear();
  any_ = false;
}

std::string AvComplaints::last() const {
  const std::lock_guard lock(mutex_);
  return last_;
}

void silence_libav() {
  static std::once_flag once;
  std::call_once(once, [] { av_log_set_callback(keep_complaint); });
}

const std::string& last_av_complaint() { return last_complaint; }
const std::string& last_format_complaint() { return format_complaint; }

void forget_av_complaints() {
  last_complaint.clear();
  format_complaint.clear();
}

std::string av_error_text(int status) {
  char text[AV_ERROR_MAX_STRING_SIZE] = "";
  av_strerror(status, text, sizeof text);
  return text;
}

}  // namespace vremd::video
