// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
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
// order, so that it works on a pipe. FLV, IVF, NUT and Y4M, mere sequences of frames, are searched
// for the next header, since files that are recorded again and again may be cut off anywhere.
class JoinFinder {
 public:
  static constexpr std::size_t kWindow = 256;

  // From the beginning of the file; -1: none follows, or nobody knows where.
  std::int64_t place() const { return place_; }

  // `bytes`: those at place(), at least kWindow unless the input ends before. True: another file
  // begins there; otherwise place() moves on.
  bool look(std::string_view bytes);

  // If place() is unknown or behind the end of the file, the file may have been cut off before the
  // next one was joined to it: where that begins (AVI, MP4), or -1. `window` gives bytes of the
  // file from a place on, fewer at its end.
  using Window = std::function<std::string_view(std::int64_t place, std::size_t size)>;
  std::int64_t find_behind_cut(const Window& window) const;

 private:
  enum class Format { kNone, kMatroska, kAvi, kMp4, kScanned };

  std::int64_t length_at(std::string_view bytes);
  std::int64_t scan(std::string_view bytes) const;

  Format format_ = Format::kNone;
  std::size_t scanned_ = 0;              // kScanned: which of the headers
  std::int64_t place_ = 0, before_ = 0;  // before_: of what ends at place_
  bool has_index_ = false;               // kMp4
};

// The files that a regular file consists of; one part, the whole, for one that is_scanned().
std::vector<FilePart> joined_parts(const std::string& path);

// Whether a regular file has to be read to its end to find the next one (NUT, Y4M, FLV, IVF).
bool is_scanned(const std::string& path);

}  // namespace vremd::video
