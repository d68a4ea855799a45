// SPDX-License-Identifier: Apache-2.0
#include "io/zstd.h"

#include <zstd.h>

#include <algorithm>
#include <array>

namespace vremd::io {
namespace {

constexpr std::string_view kMagic = "\x28\xb5\x2f\xfd";       // of a frame
constexpr std::string_view kSkippableMagic = "\x2a\x4d\x18";  // after 0x50...0x5f
constexpr std::size_t kFrameBytes = std::size_t{4} << 20;     // of text
constexpr std::size_t kBlockBytes = 1 << 10;
constexpr int kLevel = 9;
constexpr std::size_t kTextBytes = 64 << 10;

bool ends_with_frame(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t frame = ZSTD_findFrameCompressedSize(bytes.data(), bytes.size());
    if (ZSTD_isError(frame)) return false;
    bytes.remove_prefix(frame);
  }
  return true;
}

// Where the last frame of a file begins; npos if its end is not that of a frame.
std::size_t last_frame(std::string_view file) {
  std::size_t at = file.rfind(kMagic);
  while (at != file.npos && !ends_with_frame(file.substr(at))) {
    at = at == 0 ? file.npos : file.rfind(kMagic, at - 1);  // those bytes inside a frame
  }
  return at;
}

// The last `bytes` of the text, or a little more.
std::string tail_from(std::string_view from, std::size_t bytes) {
  ZstdReader reader;
  std::array<char, kTextBytes> block;
  std::string text;
  while (!from.empty() || reader.has_more()) {
    text.append(block.data(), reader.read(from, block));
    if (text.size() > 2 * bytes) text.erase(0, text.size() - bytes);
  }
  return reader.in_frame() ? "" : text;
}

}  // namespace

bool has_zstd_name(std::string_view path) { return path.ends_with(kZstdExtension); }

std::string without_zstd(std::string path) {
  if (has_zstd_name(path)) path.resize(path.size() - kZstdExtension.size());
  return path;
}

bool begins_as_zstd(std::string_view bytes) {
  bytes = bytes.substr(0, kZstdMagicBytes);
  if (bytes.empty() || kMagic.starts_with(bytes)) return true;
  return (bytes[0] & 0xf0) == 0x50 && kSkippableMagic.starts_with(bytes.substr(1));
}

ZstdReader::ZstdReader() : context_(ZSTD_createDCtx(), ZSTD_freeDCtx) {
  if (!context_) throw std::bad_alloc();
}

std::size_t ZstdReader::read(std::string_view& from, std::span<char> to) {
  if (from.empty() && !full_) return 0;
  ZSTD_inBuffer in{from.data(), from.size(), 0};
  ZSTD_outBuffer out{to.data(), to.size(), 0};
  const std::size_t hint = ZSTD_decompressStream(context_.get(), &out, &in);
  if (ZSTD_isError(hint)) {
    throw ZstdError(fmt::format("damaged zstd data ({})", ZSTD_getErrorName(hint)));
  }
  from.remove_prefix(in.pos);
  in_frame_ = hint != 0;
  full_ = in_frame_ && out.pos == out.size;
  return out.pos;
}

ZstdWriter::ZstdWriter(Sink sink)
    : sink_(std::move(sink)),
      context_(ZSTD_createCCtx(), ZSTD_freeCCtx),
      block_(ZSTD_CStreamOutSize(), '\0') {
  if (!context_) throw std::bad_alloc();
  ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1);
  ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, kLevel);
}

void ZstdWriter::compress(std::string_view text, int mode) {
  const auto directive = static_cast<ZSTD_EndDirective>(mode);
  ZSTD_inBuffer in{text.data(), text.size(), 0};
  for (bool done = false; !done;) {
    ZSTD_outBuffer out{block_.data(), block_.size(), 0};
    const std::size_t left = ZSTD_compressStream2(context_.get(), &out, &in, directive);
    if (ZSTD_isError(left)) fail("cannot compress: {}", ZSTD_getErrorName(left));
    if (out.pos > 0) sink_(std::string_view(block_).substr(0, out.pos));
    done = directive == ZSTD_e_continue ? in.pos == in.size : left == 0;
  }
}

void ZstdWriter::write(std::string_view text) {
  compress(text, ZSTD_e_continue);
  in_frame_ += text.size();
  in_block_ += text.size();
}

void ZstdWriter::end_line() {
  if (in_frame_ >= kFrameBytes) {
    end_frame();
  } else if (in_block_ >= kBlockBytes) {
    flush();
  }
}

void ZstdWriter::flush() {
  if (in_block_ > 0) compress({}, ZSTD_e_flush);
  in_block_ = 0;
}

void ZstdWriter::end_frame() {
  if (in_frame_ > 0) compress({}, ZSTD_e_end);
  in_frame_ = in_block_ = 0;
}

std::string zstd_tail(std::string_view file, std::size_t bytes) {
  const std::size_t at = last_frame(file);
  if (at == file.npos) return "";
  try {
    std::string text = tail_from(file.substr(at), bytes);
    const bool has_line = text.size() > 1 && text.rfind('\n', text.size() - 2) != text.npos;
    return has_line || at == 0 ? text : tail_from(file, bytes);
  } catch (const ZstdError&) {
    return "";
  }
}

}  // namespace vremd::io
