// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vremd::video {

// A part of a file, in bytes. end = 0: to its end.
struct FilePart {
  std::int64_t start = 0, end = 0;

  bool whole() const { return start == 0 && end == 0; }
};

// Finds where the next file begins if several were joined by cat(1) in a format whose demuxer reads
// only the first ones: Matroska, FLV, IVF, MP4 and QuickTime, AVI, NUT, Y4M. Sees the bytes in
// order, so that it works on a pipe.
class JoinFinder {
 public:
  static constexpr std::size_t kWindow = 256;

  // From the beginning of the file; -1: none follows, or nobody knows where.
  std::int64_t place() const { return place_; }

  // `bytes`: those at place(), at least kWindow unless the input ends before. True: another file
  // begins there; otherwise place() moves on.
  bool look(std::string_view bytes);

 private:
  enum class Format { kNone, kMatroska, kFlv, kIvf, kAvi, kMp4, kScanned };

  std::int64_t length_at(std::string_view bytes);
  std::int64_t scan(std::string_view bytes) const;

  Format format_ = Format::kNone;
  std::string_view magic_;  // kScanned
  std::int64_t place_ = 0;
  bool has_index_ = false;  // kMp4
};

// The files that a regular file consists of; one part, the whole, for one that is_scanned().
std::vector<FilePart> joined_parts(const std::string& path);

// Whether a regular file has to be read to its end to find the next one (NUT, Y4M).
bool is_scanned(const std::string& path);

}  // namespace vremd::video
