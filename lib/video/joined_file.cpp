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

// The header of a file in a format that is a mere sequence of frames: `begin`, and `rest` from the
// byte `rest_at` on.
struct Header {
  std::string_view begin;
  std::size_t rest_at = 0;
  std::string_view rest;

  bool is_at(std::string_view bytes) const {
    return bytes.starts_with(begin) &&
           bytes.substr(std::min(bytes.size(), rest_at)).starts_with(rest);
  }
};
constexpr Header kScanned[] = {
    {"nut/multimedia container\0NM"sv, 0, ""},
    {"YUV4MPEG2 "sv, 0, ""},
    {"FLV\1"sv, 5, "\0\0\0\x9\0\0\0\0"sv},
    {"DKIF\0\0\x20\0"sv, 0, ""},
};

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
  std::string_view at(std::int64_t place, std::size_t size = JoinFinder::kWindow) {
    if (place < 0 || place >= size_) return "";
    const ssize_t count = pread(file_, buffer_.data(), size, place);
    return {buffer_.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
  }
  static constexpr std::size_t kMost = 1 << 16;  // of a window

 private:
  int file_;
  std::int64_t size_ = 0;
  std::vector<char> buffer_ = std::vector<char>(kMost);
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

// The length of what begins with `bytes`: a chunk, box or element. 0: another file begins there;
// -1: the rest is unknown.

// RIFF chunks of more than the first GB are called AVIX.
std::int64_t avi_length(std::string_view bytes, bool first) {
  if (bytes.size() < 12 || !bytes.starts_with("RIFF"sv)) return -1;
  if (!first && bytes.substr(8, 4) == "AVI "sv) return 0;
  const std::int64_t size = little_endian(bytes, 4, 4);
  if (size < 4 || size == 0xffffffff) return -1;  // of a file that was written to a pipe
  return 8 + size + size % 2;
}

bool begins_avi(std::string_view bytes) {
  return bytes.starts_with("RIFF"sv) &&
         bytes.substr(std::min<std::size_t>(8, bytes.size())).starts_with("AVI LIST"sv);
}

// Of boxes on the top level.
constexpr std::string_view kMp4Types[] = {"ftyp", "moov", "mdat", "free", "skip", "wide", "uuid",
                                          "moof", "mfra", "sidx", "ssix", "styp", "meta", "pdin",
                                          "prft", "emsg", "udta", "pnot", "PICT", "imda"};

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

// ftyp and a box that may follow it.
bool begins_mp4(std::string_view bytes) {
  const auto [size, type] = mp4_box(bytes);
  if (type != "ftyp"sv || size < 16 || size > std::ssize(bytes) - 8) return false;
  const std::string_view next = mp4_box(bytes.substr(static_cast<std::size_t>(size))).type;
  return std::ranges::find(kMp4Types, next) != std::end(kMp4Types);
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

const Header* scanned_header(std::string_view head) {
  const auto* found =
      std::ranges::find_if(kScanned, [&](const Header& one) { return one.is_at(head); });
  return found == std::end(kScanned) ? nullptr : found;
}

}  // namespace

// A file begins with ftyp; one without an index (moov) is a fragment of the one before.
std::int64_t JoinFinder::length_at(std::string_view bytes) {
  const bool first = place_ == 0;
  switch (format_) {
    case Format::kMatroska: return matroska_length(bytes, first);
    case Format::kAvi: return avi_length(bytes, first);
    case Format::kScanned: return scan(bytes);
    case Format::kMp4: {
      const auto [size, type] = mp4_box(bytes);
      if (std::ranges::find(kMp4Types, type) == std::end(kMp4Types)) return -1;
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
  const Header& header = kScanned[scanned_];
  if (place_ > 0 && header.is_at(bytes)) return 0;
  const std::size_t found = bytes.find(header.begin, 1);
  if (found != bytes.npos) return static_cast<std::int64_t>(found);
  const std::size_t kept = header.begin.size() - 1;  // may be the beginning of it
  return static_cast<std::int64_t>(bytes.size() > kept ? bytes.size() - kept : 1);
}

bool JoinFinder::look(std::string_view bytes) {
  if (place_ == 0) {
    const Header* scanned = scanned_header(bytes);
    if (scanned) scanned_ = static_cast<std::size_t>(scanned - std::begin(kScanned));
    format_ = scanned                                               ? Format::kScanned
              : bytes.starts_with(kEbml)                            ? Format::kMatroska
              : bytes.starts_with("RIFF"sv)                         ? Format::kAvi
              : bytes.size() >= 8 && bytes.substr(4, 4) == "ftyp"sv ? Format::kMp4
                                                                    : Format::kNone;
  }
  const std::int64_t length = bytes.empty() ? -1 : length_at(bytes);
  if (length == 0) return true;
  if (length > 0) before_ = place_;
  place_ = length < 0 || length > INT64_MAX - place_ ? -1 : place_ + length;
  return false;
}

std::int64_t JoinFinder::find_behind_cut(const Window& window) const {
  const bool avi = format_ == Format::kAvi, mp4 = format_ == Format::kMp4;
  if (!avi && !mp4) return -1;
  const std::string_view magic = avi ? "RIFF"sv : "ftyp"sv;
  const std::int64_t lead = avi ? 0 : 4;  // bytes in front of the magic
  for (std::int64_t at = before_ + lead + 1;;) {
    const std::string_view bytes = window(at, Bytes::kMost);
    if (bytes.size() < kWindow) return -1;
    const std::size_t found = bytes.find(magic);
    if (found == bytes.npos) {
      at += std::ssize(bytes) - std::ssize(magic) + 1;
      continue;
    }
    at += static_cast<std::int64_t>(found);
    const std::string_view head = window(at - lead, kWindow);
    if (avi ? begins_avi(head) : begins_mp4(head)) return at - lead;
    ++at;
  }
}

std::vector<FilePart> joined_parts(const std::string& path) {
  std::vector<FilePart> parts{{}};
  std::error_code ignored;  // opening a named pipe would wait for its writer
  if (path == "-" || !std::filesystem::is_regular_file(path, ignored)) return parts;
  Bytes file(path);
  if (scanned_header(file.at(0))) return parts;
  for (JoinFinder finder;;) {
    const std::int64_t start = parts.back().start;
    std::int64_t next = finder.place();
    if (next == file.size() - start) return parts;
    if (next < 0 || next > file.size() - start) {
      next = finder.find_behind_cut(
          [&](std::int64_t place, std::size_t size) { return file.at(start + place, size); });
      if (next < 0) return parts;
    } else if (!finder.look(file.at(start + next))) {
      continue;
    }
    parts.back().end = start + next;
    parts.push_back({start + next, 0});
    finder = {};
  }
}

bool is_scanned(const std::string& path) {
  std::error_code ignored;
  if (path == "-" || !std::filesystem::is_regular_file(path, ignored)) return false;
  Bytes file(path);
  return scanned_header(file.at(0)) != nullptr;
}

}  // namespace vremd::video
