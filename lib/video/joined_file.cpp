// SPDX-License-Identifier: Apache-2.0
#include "video/joined_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <filesystem>
#include <string_view>

namespace vremd::video {
namespace {

using namespace std::literals;

constexpr std::string_view kEbml = "\x1a\x45\xdf\xa3";
constexpr std::string_view kNut = "nut/multimedia container\0NM"sv, kY4m = "YUV4MPEG2 ";

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

  // A window; "" behind the end of the file. Valid until the next call.
  std::string_view at(std::int64_t place) {
    if (place < 0 || place >= size_) return "";
    const ssize_t count = pread(file_, buffer_.data(), buffer_.size(), place);
    return {buffer_.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
  }

 private:
  int file_;
  std::int64_t size_ = 0;
  std::array<char, JoinFinder::kWindow> buffer_{};
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

// The bytes of an EBML number (an id or a size): its first 1 marks their count; 0: not a number.
std::size_t ebml_length(std::string_view bytes) {
  if (bytes.empty() || bytes[0] == 0) return 0;
  const auto length =
      static_cast<std::size_t>(std::countl_zero(static_cast<unsigned char>(bytes[0]))) + 1;
  return length <= bytes.size() ? length : 0;
}

// The length of what begins with `bytes`: a header, tag, frame, chunk, box or element. 0: another
// file begins there; -1: the rest is unknown.

std::int64_t flv_length(std::string_view bytes, bool first) {
  constexpr int kHead = 9, kTagHead = 11, kPreviousTagSize = 4;
  if (first) {
    const std::int64_t head = big_endian(bytes, 5, 4);
    return head < kHead ? -1 : head + kPreviousTagSize;
  }
  if (bytes.starts_with("FLV\1"sv)) return 0;
  const int type = bytes.size() < kTagHead ? 0 : bytes[0] & 0x1f;
  if (type != 8 && type != 9 && type != 18) return -1;  // sound, video, data
  return kTagHead + big_endian(bytes, 1, 3) + kPreviousTagSize;
}

std::int64_t ivf_length(std::string_view bytes, bool first) {
  constexpr int kLeastHeader = 32, kFrameHead = 12;
  if (first) {
    const std::int64_t head = little_endian(bytes, 6, 2);
    return head < kLeastHeader ? -1 : head;
  }
  if (bytes.starts_with("DKIF"sv)) return 0;
  if (bytes.size() < kFrameHead) return -1;
  return kFrameHead + little_endian(bytes, 0, 4);
}

// RIFF chunks of more than the first GB are called AVIX.
std::int64_t avi_length(std::string_view bytes, bool first) {
  if (bytes.size() < 12 || !bytes.starts_with("RIFF"sv)) return -1;
  if (!first && bytes.substr(8, 4) == "AVI "sv) return 0;
  const std::int64_t size = little_endian(bytes, 4, 4);
  if (size < 4 || size == 0xffffffff) return -1;  // of a file that was written to a pipe
  return 8 + size + size % 2;
}

struct Mp4Box {
  std::int64_t size;  // -1: none, or to the end of the file
  std::string_view type;
};

Mp4Box mp4_box(std::string_view bytes) {
  if (bytes.size() < 8) return {-1, ""};
  const std::int64_t small = big_endian(bytes, 0, 4);
  const std::int64_t size = small == 1 ? big_endian(bytes, 8, 8) : small;
  return {size < 8 ? -1 : size, bytes.substr(4, 4)};
}

// A header, a segment, and perhaps padding. libav reads two of them, but not a third.
std::int64_t matroska_length(std::string_view bytes, bool first) {
  if (!first && bytes.starts_with(kEbml)) return 0;
  const std::size_t id = ebml_length(bytes);
  const std::size_t length = ebml_length(bytes.substr(id));
  if (id == 0 || length == 0) return -1;
  const std::int64_t most = (std::int64_t{1} << 7 * length) - 1;  // unknown: written to a pipe
  const std::int64_t size = big_endian(bytes, id, length) & most;
  return size == most ? -1 : static_cast<std::int64_t>(id + length) + size;
}

std::string_view scanned_magic(std::string_view head) {
  for (const std::string_view magic : {kNut, kY4m}) {
    if (head.starts_with(magic)) return magic;
  }
  return "";
}

}  // namespace

// A file begins with ftyp; one without an index (moov) is a fragment of the one before.
std::int64_t JoinFinder::length_at(std::string_view bytes) {
  const bool first = place_ == 0;
  switch (format_) {
    case Format::kMatroska: return matroska_length(bytes, first);
    case Format::kFlv: return flv_length(bytes, first);
    case Format::kIvf: return ivf_length(bytes, first);
    case Format::kAvi: return avi_length(bytes, first);
    case Format::kScanned: return scan(bytes);
    case Format::kMp4: {
      const auto [size, type] = mp4_box(bytes);
      if (type == "moov"sv) has_index_ = true;
      if (type == "ftyp"sv && !first) {
        if (!has_index_ || size < 0) return -1;
        const auto end = std::min(static_cast<std::size_t>(size), bytes.size());
        const std::string_view next = mp4_box(bytes.substr(end)).type;
        if (next != "moof"sv && next != "sidx"sv && next != "styp"sv) return 0;
      }
      return size;
    }
    case Format::kNone: break;
  }
  return -1;
}

std::int64_t JoinFinder::scan(std::string_view bytes) const {
  const std::size_t found = bytes.find(magic_, place_ == 0 ? 1 : 0);
  if (found != bytes.npos) return static_cast<std::int64_t>(found);
  const std::size_t kept = magic_.size() - 1;  // may be the beginning of it
  return static_cast<std::int64_t>(bytes.size() > kept ? bytes.size() - kept : 1);
}

bool JoinFinder::look(std::string_view bytes) {
  if (place_ == 0) {
    magic_ = scanned_magic(bytes);
    format_ = !magic_.empty()                                       ? Format::kScanned
              : bytes.starts_with(kEbml)                            ? Format::kMatroska
              : bytes.starts_with("FLV\1"sv)                        ? Format::kFlv
              : bytes.starts_with("DKIF"sv)                         ? Format::kIvf
              : bytes.starts_with("RIFF"sv)                         ? Format::kAvi
              : bytes.size() >= 8 && bytes.substr(4, 4) == "ftyp"sv ? Format::kMp4
                                                                    : Format::kNone;
  }
  const std::int64_t length = bytes.empty() ? -1 : length_at(bytes);
  if (length == 0) return true;
  place_ = length < 0 || length > INT64_MAX - place_ ? -1 : place_ + length;
  return false;
}

std::vector<FilePart> joined_parts(const std::string& path) {
  std::vector<FilePart> parts{{}};
  std::error_code ignored;  // opening a named pipe would wait for its writer
  if (path == "-" || !std::filesystem::is_regular_file(path, ignored)) return parts;
  Bytes file(path);
  if (!scanned_magic(file.at(0)).empty()) return parts;
  for (JoinFinder finder; finder.place() >= 0;) {
    const std::int64_t start = parts.back().start;
    if (finder.place() > file.size() - start) return parts;
    const std::int64_t at = start + finder.place();
    if (!finder.look(file.at(at))) continue;
    parts.back().end = at;
    parts.push_back({at, 0});
    finder = {};
  }
  return parts;
}

bool is_scanned(const std::string& path) {
  std::error_code ignored;
  if (path == "-" || !std::filesystem::is_regular_file(path, ignored)) return false;
  Bytes file(path);
  return !scanned_magic(file.at(0)).empty();
}

}  // namespace vremd::video
