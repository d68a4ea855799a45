// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace vremd::io {

class ZstdReader;

// A file, or standard input for "-", as it is or decompressed: data that begin as Zstandard does
// are decompressed, whatever the name.
class InputFile {
 public:
  explicit InputFile(const std::string& path);  // Errors: cannot open, is a directory
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  // Fills `to`, except at the end of the file, and returns the number of bytes. Errors "name:
  // what"; that compressed data was cut is one at its end.
  std::size_t fill(std::span<char> to);

  // For interactive reading: at most one read(2), none if has_more(). May return 0 before ended().
  // Nothing: interrupted by a signal. ZstdError, which names no place: damaged.
  std::optional<std::size_t> read(std::span<char> to);
  bool has_more() const;
  bool ended() const { return ended_ && !has_more(); }
  bool cut() const;  // compressed data ended in the middle of a frame
  int descriptor() const { return file_; }

 private:
  std::optional<std::size_t> read_file(std::span<char> to);

  std::string name_;
  int file_;
  bool known_ = false, ended_ = false;  // whether it is compressed; the file
  std::string buffer_;                  // what was read to find out, then compressed data
  std::string_view unread_;             // of buffer_
  std::unique_ptr<ZstdReader> zstd_;
};

// Every byte of a file, or of standard input for "-".
std::string read_text_file(const std::string& path);

// The first bytes of a file without its byte order mark, to tell what it is. "": a pipe, which can
// be read only once, or a directory.
std::string read_head(const std::string& path, std::size_t bytes);

// How messages name a file.
inline std::string name_of_input(const std::string& path) {
  return path == "-" ? "standard input" : path;
}

}  // namespace vremd::io
