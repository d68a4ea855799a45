// SPDX-License-Identifier: Apache-2.0
#include "video/joined_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <filesystem>
#include <string_view>

namespace vremd::video {
namespace {

using namespace std::literals;

constexpr std::string_view kEbml = "\x1a\x45\xdf\xa3";

class Bytes {
 public:
  explicit Bytes(const std::string& path) : file_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    struct stat status{};
    if (file_ >= 0 && fstat(file_, &status) == 0) size_ = status.st_size;
  }
  ~Bytes() {
    if (file_ >= 0) close(file_);
  }
  Bytes(const Bytes&) = delete;
  Bytes& operator=(const Bytes&) = delete;

  std::int64_t size() const { return size_; }

  // Up to 16 bytes; "" behind the end of the file. Valid until the next call.
  std::string_view at(std::int64_t place) {
    if (place < 0 || place >= size_) return "";
    const ssize_t count = pread(file_, buffer_.data(), buffer_.size(), place);
    return {buffer_.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
  }

 private:
  int file_;
  std::int64_t size_ = 0;
  std::array<char, 16> buffer_{};
};

// An integer of `count` bytes, 0 if they are not there.
std::int64_t big_endian(std::string_view bytes, std::size_t at, std::size_t count) {
  std::uint64_t value = 0;
  if (at + count > bytes.size()) return 0;
  for (const char c : bytes.substr(at, count)) value = value << 8 | static_cast<unsigned char>(c);
  return static_cast<std::int64_t>(value);
}
std::int64_t little_endian(std::string_view bytes, std::size_t at, std::size_t count) {
  std::uint64_t value = 0;
  if (at + count > bytes.size()) return 0;
  for (std::size_t i = count; i-- > 0;) {
    value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  }
  return static_cast<std::int64_t>(value);
}

// Each finds the next file behind the one at `start`; -1: none.

std::int64_t next_flv(Bytes& file, std::int64_t start) {
  constexpr int kTagHead = 11, kPreviousTagSize = 4;
  std::int64_t at = start + big_endian(file.at(start), 5, 4) + kPreviousTagSize;
  if (at < start + 9) return -1;
  for (;;) {
    const std::string_view tag = file.at(at);
    if (tag.starts_with("FLV\1"sv)) return at;
    const int type = tag.size() < kTagHead ? 0 : tag[0] & 0x1f;
    if (type != 8 && type != 9 && type != 18) return -1;  // sound, video, data
    at += kTagHead + big_endian(tag, 1, 3) + kPreviousTagSize;
  }
}

std::int64_t next_ivf(Bytes& file, std::int64_t start) {
  constexpr int kLeastHeader = 32, kFrameHead = 12;
  std::int64_t at = start + little_endian(file.at(start), 6, 2);
  if (at < start + kLeastHeader) return -1;
  for (;;) {
    const std::string_view frame = file.at(at);
    if (frame.starts_with("DKIF"sv)) return at;
    if (frame.size() < kFrameHead) return -1;
    at += kFrameHead + little_endian(frame, 0, 4);
  }
}

// RIFF chunks of more than the first GB are called AVIX.
std::int64_t next_avi(Bytes& file, std::int64_t start) {
  for (std::int64_t at = start;;) {
    const std::string_view chunk = file.at(at);
    if (chunk.size() < 12 || !chunk.starts_with("RIFF"sv)) return -1;
    if (at > start && chunk.substr(8, 4) == "AVI "sv) return at;
    const std::int64_t size = little_endian(chunk, 4, 4);
    if (size < 4 || size == 0xffffffff) return -1;  // of a file that was written to a pipe
    at += 8 + size + size % 2;
  }
}

// A file begins with ftyp; without an index (moov) in each of the two, they are parts of one.
std::int64_t next_mp4(Bytes& file, std::int64_t start) {
  bool has_index = false;
  std::int64_t next = -1;
  for (std::int64_t at = start;;) {
    const std::string_view box = file.at(at);
    if (box.size() < 8) return -1;
    const std::string_view type = box.substr(4, 4);
    if (type == "ftyp"sv && at > start) {
      if (!has_index) return -1;
      if (next < 0) next = at;
    }
    if (type == "moov"sv) {
      if (next >= 0) return next;
      has_index = true;
    }
    const std::int64_t small = big_endian(box, 0, 4);
    const std::int64_t size = small == 1 ? big_endian(box, 8, 8) : small;
    if (size < 8 || size > file.size() - at) return -1;
    at += size;
  }
}

// The bytes of an EBML number (an id or a size): its first 1 marks their count; 0: not a number.
std::size_t ebml_length(std::string_view bytes) {
  if (bytes.empty() || bytes[0] == 0) return 0;
  const auto length =
      static_cast<std::size_t>(std::countl_zero(static_cast<unsigned char>(bytes[0]))) + 1;
  return length <= bytes.size() ? length : 0;
}

// A header, a segment, and perhaps padding. libav reads two of them, but not a third.
std::int64_t next_matroska(Bytes& file, std::int64_t start) {
  for (std::int64_t at = start;;) {
    const std::string_view element = file.at(at);
    if (element.starts_with(kEbml) && at > start) return at;
    const std::size_t id = ebml_length(element);
    const std::size_t length = ebml_length(element.substr(id));
    if (id == 0 || length == 0) return -1;
    const std::int64_t most = (std::int64_t{1} << 7 * length) - 1;  // unknown: written to a pipe
    const std::int64_t size = big_endian(element, id, length) & most;
    if (size == most) return -1;
    at += static_cast<std::int64_t>(id + length) + size;
  }
}

std::int64_t next_file(Bytes& file, std::int64_t start) {
  const std::string_view head = file.at(start);
  if (head.starts_with(kEbml)) return next_matroska(file, start);
  if (head.starts_with("FLV\1"sv)) return next_flv(file, start);
  if (head.starts_with("DKIF"sv)) return next_ivf(file, start);
  if (head.starts_with("RIFF"sv)) return next_avi(file, start);
  if (head.size() >= 8 && head.substr(4, 4) == "ftyp"sv) return next_mp4(file, start);
  return -1;
}

}  // namespace

std::vector<FilePart> joined_parts(const std::string& path) {
  std::vector<FilePart> parts{{}};
  std::error_code ignored;  // opening a named pipe would wait for its writer
  if (path == "-" || !std::filesystem::is_regular_file(path, ignored)) return parts;
  Bytes file(path);
  for (;;) {
    const std::int64_t next = next_file(file, parts.back().start);
    if (next < 0) return parts;
    parts.back().end = next;
    parts.push_back({next, 0});
  }
}

}  // namespace vremd::video
