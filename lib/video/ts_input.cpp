// SPDX-License-Identifier: Apache-2.0
#include "video/ts_input.h"

#include "core/error.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

namespace vremd::video {
namespace {

constexpr std::uint8_t kSync = 0x47;

bool is_video(int stream_type) {
  // MPEG-1, MPEG-2, MPEG-4, H.264, HEVC, VVC, AVS, VC-1
  constexpr std::array kTypes{0x01, 0x02, 0x10, 0x1b, 0x24, 0x33, 0x42, 0xea};
  return std::ranges::find(kTypes, stream_type) != kTypes.end();
}

int number_12(std::span<const std::uint8_t> bytes, std::size_t at) {
  return (bytes[at] & 0xf) << 8 | bytes[at + 1];
}

int number_13(std::span<const std::uint8_t> bytes, std::size_t at) {
  return (bytes[at] & 0x1f) << 8 | bytes[at + 1];
}

// The section that begins in a packet, without its checksum; empty if none does, if it goes on in
// another packet, or if it is damaged.
std::span<const std::uint8_t> section_of(std::span<const std::uint8_t> packet) {
  const bool begins = packet[1] & 0x40, has_payload = packet[3] & 0x10;
  std::size_t at = 4;
  if (packet[3] & 0x20) at += std::size_t{1} + packet[4];  // adaptation field
  if (!begins || !has_payload || at >= packet.size()) return {};
  at += std::size_t{1} + packet[at];  // pointer
  constexpr std::size_t kHead = 3, kChecksum = 4;
  if (at + kHead > packet.size()) return {};
  const std::size_t size = kHead + static_cast<std::size_t>(number_12(packet, at + 1));
  if (at + size > packet.size() || size < kHead + kChecksum) return {};
  const AVCRC* table = av_crc_get_table(AV_CRC_32_IEEE);
  if (av_crc(table, 0xffffffff, packet.data() + at, size) != 0) return {};
  return packet.subspan(at, size - kChecksum);
}

// Reads what there is, up to `size`; -1 with errno.
ssize_t read_at(int file, std::uint8_t* to, std::size_t size, std::int64_t place) {
  ssize_t count = 0;
  do {
    count = pread(file, to, size, place);
  } while (count < 0 && errno == EINTR);
  return count;
}

}  // namespace

bool TsWatch::add(std::span<const std::uint8_t> packet, std::int64_t place) {
  if (packet[0] != kSync) return false;
  const int pid = number_13(packet, 1);
  if (pid != 0 && !maps_.contains(pid)) return false;
  const std::span<const std::uint8_t> section = section_of(packet);
  if (section.empty()) return false;
  constexpr int kAssociation = 0, kMap = 2;  // tables
  if (pid != 0) return section[0] == kMap && add_map(section);
  if (section[0] != kAssociation) return false;
  since_ = place;
  for (std::size_t at = 8; at + 4 <= section.size(); at += 4) {
    const bool network = section[at] == 0 && section[at + 1] == 0;
    if (!network) maps_.insert(number_13(section, at + 2));
  }
  return false;
}

bool TsWatch::add_map(std::span<const std::uint8_t> section) {
  if (section.size() < 12) return false;
  bool changed = false;
  std::size_t at = 12 + static_cast<std::size_t>(number_12(section, 10));
  while (at + 5 <= section.size()) {
    const int type = section[at], pid = number_13(section, at + 1);
    if (is_video(type)) {
      const auto known = codecs_.try_emplace(pid, type).first;
      changed = changed || known->second != type;
    }
    at += 5 + static_cast<std::size_t>(number_12(section, at + 3));
  }
  return changed;
}

bool TsInput::is_one(const std::string& path, FilePart part) {
  constexpr int kSeen = 3;  // packets
  std::array<std::uint8_t, kSeen * TsWatch::kPacket> head{};
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  const ssize_t count = read_at(file, head.data(), head.size(), part.start);
  close(file);
  if (count < std::ssize(head)) return false;
  for (int i = 0; i < kSeen; ++i) {
    if (head[i * TsWatch::kPacket] != kSync) return false;
  }
  return true;
}

TsInput::TsInput(const std::string& path, FilePart part)
    : file_(open(path.c_str(), O_RDONLY | O_CLOEXEC)), part_(part) {
  struct stat status{};
  if (file_ < 0 || fstat(file_, &status) != 0) {
    const int error = errno;
    if (file_ >= 0) close(file_);
    fail("{}: cannot open: {}", path, std::strerror(error));
  }
  size_ = (part.end > 0 ? part.end : status.st_size) - part.start;
}

TsInput::~TsInput() { close(file_); }

AvIo TsInput::make_io() {
  const auto on_read = [](void* self, std::uint8_t* to, int size) {
    return static_cast<TsInput*>(self)->read(to, size);
  };
  const auto on_seek = [](void* self, std::int64_t offset, int whence) {
    return static_cast<TsInput*>(self)->seek(offset, whence);
  };
  return make_av_io(this, on_read, on_seek);
}

std::optional<FilePart> TsInput::rest() const {
  if (!change_) return {};
  return FilePart{part_.start + *change_, part_.end};
}

int TsInput::read(std::uint8_t* to, int size) {
  // Looks ahead before anything of another recording is given. libav also reads near the end, to
  // learn the duration: only what follows what was seen so far is watched. A change is found at the
  // program map, and begins at the program association before it.
  constexpr std::int64_t kAhead = 64 * TsWatch::kPacket;
  while (!change_ && place_ <= watched_ && place_ + size + kAhead > watched_ && watched_ < size_) {
    watch();
  }
  const std::int64_t end = change_.value_or(size_);
  const std::int64_t most = std::min<std::int64_t>(size, end - place_);
  if (most <= 0) return AVERROR_EOF;
  const ssize_t count = read_at(file_, to, static_cast<std::size_t>(most), part_.start + place_);
  if (count < 0) return AVERROR(errno);
  if (count == 0) return AVERROR_EOF;
  place_ += count;
  return static_cast<int>(count);
}

// Watches some more packets.
void TsInput::watch() {
  constexpr std::int64_t kPackets = 512;
  std::vector<std::uint8_t> bytes(kPackets * TsWatch::kPacket);
  const ssize_t count = read_at(file_, bytes.data(), bytes.size(), part_.start + watched_);
  const std::int64_t packets = count / TsWatch::kPacket;
  for (std::int64_t i = 0; i < packets; ++i) {
    const std::int64_t place = watched_ + i * TsWatch::kPacket;
    const auto packet = std::span(bytes).subspan(i * TsWatch::kPacket, TsWatch::kPacket);
    if (watch_.add(packet, place)) {
      change_ = std::max(watch_.since(), place_);
      return;
    }
  }
  watched_ = packets > 0 ? watched_ + packets * TsWatch::kPacket : size_;
}

std::int64_t TsInput::seek(std::int64_t offset, int whence) {
  const std::int64_t end = change_.value_or(size_);
  if (whence & AVSEEK_SIZE) return end;
  const int from = whence & ~AVSEEK_FORCE;
  const std::int64_t to = offset + (from == SEEK_CUR ? place_ : from == SEEK_END ? end : 0);
  if (to < 0) return AVERROR(EINVAL);
  return place_ = to;
}

}  // namespace vremd::video
