// SPDX-License-Identifier: Apache-2.0
#pragma once

// Compression by libzstd (RFC 8878). A stream consists of frames (Zstandard's, not a video's); each
// can be decompressed by itself, and one that was cut up to its last complete block.

#include "core/error.h"

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;

namespace vremd::io {

constexpr std::string_view kZstdExtension = ".zst";
constexpr std::size_t kZstdMagicBytes = 4;

bool has_zstd_name(std::string_view path);
std::string without_zstd(std::string path);  // its name before compression

// Whether a file that begins with these bytes is, or with fewer than kZstdMagicBytes may be,
// compressed.
bool begins_as_zstd(std::string_view bytes);

// Invalid data. what() is without a place.
struct ZstdError : Error {
  using Error::Error;
};

class ZstdReader {
 public:
  ZstdReader();

  // Decompresses from the front of `from`, which is shortened, until `to` is full or nothing more
  // can be given yet. Returns the number of bytes written. ZstdError: damaged.
  std::size_t read(std::string_view& from, std::span<char> to);

  bool has_more() const { return full_; }      // without further input
  bool in_frame() const { return in_frame_; }  // at the end of the input: it was cut

 private:
  std::unique_ptr<ZSTD_DCtx_s, std::size_t (*)(ZSTD_DCtx_s*)> context_;
  bool full_ = false, in_frame_ = false;
};

// Compresses text in frames of a few megabytes, each with a checksum.
//
// What has been written reaches the sink in blocks, each at the end of a line, as soon as there is
// 1 KiB of text for it: a reader of what a killed process has left lacks less than that. The bytes
// depend on the text alone.
class ZstdWriter {
 public:
  using Sink = std::function<void(std::string_view)>;
  explicit ZstdWriter(Sink sink);

  void write(std::string_view text);
  void end_line();   // a block may end here
  void flush();      // all of it reaches the sink, now
  void end_frame();  // and is a whole file, if nothing follows

 private:
  void compress(std::string_view text, int mode);

  Sink sink_;
  std::unique_ptr<ZSTD_CCtx_s, std::size_t (*)(ZSTD_CCtx_s*)> context_;
  std::string block_;
  std::size_t in_frame_ = 0, in_block_ = 0;  // bytes of text
};

// The last `bytes` of the text of a compressed file, or a little less: only the last frame is
// decompressed if it has a whole line. "": the file is damaged or was cut.
std::string zstd_tail(std::string_view file, std::size_t bytes);

}  // namespace vremd::io
