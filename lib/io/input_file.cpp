// SPDX-License-Identifier: Apache-2.0
#include "io/input_file.h"

#include "core/error.h"
#include "io/zstd.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace vremd::io {
namespace {

constexpr std::size_t kReadBytes = 64 << 10;

int open_file(const std::string& path) {
  if (path == "-") return STDIN_FILENO;
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) fail("{}: is a directory", path);
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) fail("{}: cannot open: {}", path, std::strerror(errno));
  return file;
}

}  // namespace

InputFile::InputFile(const std::string& path)
    : name_(name_of_input(path)), file_(open_file(path)) {}

InputFile::~InputFile() {
  if (file_ != STDIN_FILENO) close(file_);
}

std::optional<std::size_t> InputFile::read_file(std::span<char> to) {
  const ssize_t got = ::read(file_, to.data(), to.size());
  if (got < 0 && errno == EINTR) return std::nullopt;
  if (got < 0) fail("{}: cannot read: {}", name_, std::strerror(errno));
  ended_ = got == 0;
  return static_cast<std::size_t>(got);
}

bool InputFile::cut() const { return ended() && zstd_ && zstd_->in_frame(); }

bool InputFile::has_more() const {
  return known_ && (!unread_.empty() || (zstd_ && zstd_->has_more()));
}

std::optional<std::size_t> InputFile::read(std::span<char> to) {
  if (!has_more() && !ended_) {
    if (known_ && !zstd_) return read_file(to);
    const std::size_t kept = known_ ? 0 : buffer_.size();
    buffer_.resize(kept + kReadBytes);
    const auto got = read_file(std::span(buffer_).subspan(kept));
    buffer_.resize(kept + got.value_or(0));
    if (!got) return std::nullopt;
    unread_ = buffer_;
    if (!known_) {
      const bool zstd = begins_as_zstd(buffer_), short_of = buffer_.size() < kZstdMagicBytes;
      if (zstd && short_of && !ended_) return 0;
      known_ = true;
      if (zstd && !short_of) zstd_ = std::make_unique<ZstdReader>();
    }
  }
  if (zstd_) return zstd_->read(unread_, to);
  const std::size_t count = unread_.copy(to.data(), to.size());
  unread_.remove_prefix(count);
  return count;
}

std::size_t InputFile::fill(std::span<char> to) {
  std::size_t count = 0;
  while (count < to.size() && !ended()) {
    try {
      const auto got = read(to.subspan(count));
      if (!got) fail("{}: cannot read: {}", name_, std::strerror(EINTR));
      count += *got;
    } catch (const ZstdError& error) {
      fail("{}: {}", name_, error.what());
    }
  }
  if (count == 0 && cut()) fail("{}: truncated zstd data", name_);
  return count;
}

std::string read_text_file(const std::string& path) {
  InputFile file(path);
  std::string text, block(kReadBytes, '\0');
  while (const std::size_t count = file.fill(block)) text.append(block, 0, count);
  return text;
}

std::string read_head(const std::string& path, std::size_t bytes) {
  std::error_code ignored;
  const auto status = std::filesystem::status(path, ignored);
  if (path == "-" || (exists(status) && !is_regular_file(status))) return "";
  InputFile file(path);
  std::string head(bytes, '\0');
  head.resize(file.fill(head));
  return head.starts_with("\xef\xbb\xbf") ? head.substr(3) : head;
}

}  // namespace vremd::io
