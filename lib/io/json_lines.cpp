// SPDX-License-Identifier: Apache-2.0
#include "io/json_lines.h"

#include "core/error.h"
#include "io/zstd.h"

#include <poll.h>

#include <cerrno>

namespace vremd::io {
namespace {

constexpr std::size_t kLongestLine = std::size_t{256} << 20;
constexpr std::size_t kReadBytes = 64 << 10;
constexpr int kAskEveryMs = 200;

}  // namespace

JsonLinesReader::JsonLinesReader(const std::string& path, std::function<bool()> stopped,
                                 LastLine last_line)
    : name_(name_of_input(path)),
      stopped_(std::move(stopped)),
      file_(path),
      may_be_cut_(last_line == LastLine::kMayBeCut) {}

std::string JsonLinesReader::place() const { return fmt::format("{}:{}", name_, line_); }

bool JsonLinesReader::wait() {
  while (!file_.has_more() && stopped_ && !stopped_()) {
    struct pollfd input{file_.descriptor(), POLLIN, 0};
    const int ready = poll(&input, 1, kAskEveryMs);
    if (ready > 0 || (ready < 0 && errno != EINTR)) break;
  }
  return !stopped_ || !stopped_();
}

std::optional<std::size_t> JsonLinesReader::read(std::span<char> to) {
  if (!wait()) return std::nullopt;
  try {
    return file_.read(to);
  } catch (const ZstdError& error) {
    fail("{}:{}: {}", name_, line_ + 1, error.what());
  }
}

std::optional<std::string_view> JsonLinesReader::line() {
  std::size_t searched = begin_;
  for (;;) {
    const std::size_t end = buffer_.find('\n', searched);
    if (end != std::string::npos || (ended_ && begin_ < buffer_.size() && !may_be_cut_)) {
      const std::string_view text = std::string_view(buffer_).substr(begin_, end - begin_);
      begin_ = end == std::string::npos ? buffer_.size() : end + 1;
      return text;
    }
    if (ended_) return std::nullopt;
    buffer_.erase(0, begin_);
    begin_ = 0;
    searched = buffer_.size();
    if (searched > kLongestLine) {
      fail("{}:{}: line longer than {} MiB", name_, line_ + 1, kLongestLine >> 20);
    }
    buffer_.resize(searched + kReadBytes);
    const auto got = read(std::span(buffer_).subspan(searched));
    buffer_.resize(searched + got.value_or(0));
    interrupted_ = !got;
    if (interrupted_) return std::nullopt;
    ended_ = file_.ended();
    may_be_cut_ = may_be_cut_ || truncated();
  }
}

std::optional<Json> JsonLinesReader::next() {
  while (auto text = line()) {
    ++line_;
    if (line_ == 1 && text->starts_with("\xef\xbb\xbf")) text->remove_prefix(3);  // BOM
    while (text->ends_with('\r')) text->remove_suffix(1);
    if (text->find_first_not_of(" \t") == std::string_view::npos) continue;
    Json record = parse_json(*text, name_, line_);
    if (!record.is_object()) fail("{}: not an object", place());
    return record;
  }
  return std::nullopt;
}

}  // namespace vremd::io
