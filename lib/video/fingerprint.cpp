// SPDX-License-Identifier: Apache-2.0
#include "video/fingerprint.h"

#include "core/error.h"
#include "io/mapped_file.h"
#include "video/picture_names.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <span>

namespace vremd::video {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kSampleBytes = 64 << 10;
constexpr std::size_t kDigits = 16;

std::string sample(std::ifstream& file, std::uintmax_t begin) {
  std::string bytes(kSampleBytes, '\0');
  file.clear();
  file.seekg(static_cast<std::streamoff>(begin));
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  return bytes;
}

}  // namespace

std::optional<std::string> fingerprint(const std::string& path) {
  std::error_code error;
  std::string text;
  std::uintmax_t bytes = 0;
  if (fs::is_regular_file(path, error)) {
    bytes = fs::file_size(path, error);
    std::ifstream file(path, std::ios::binary);
    const std::uintmax_t last = bytes - std::min(bytes, kSampleBytes);
    for (const std::uintmax_t begin : {std::uintmax_t{0}, last / 2, last}) {
      text += sample(file, begin);
    }
  } else if (fs::is_directory(path, error) || !fs::exists(path, error)) {
    try {
      for (const std::string& picture : pictures_of(path)) {
        const std::uintmax_t size = fs::file_size(picture, error);
        if (error) continue;
        text += fmt::format("{} {}\n", fs::path(picture).filename().string(), size);
        bytes += size;
      }
    } catch (const Error&) {
      return std::nullopt;
    }
  }
  if (text.empty()) return std::nullopt;
  text += std::to_string(bytes);
  const std::string hash = io::sha256(std::as_bytes(std::span(text)));
  return fmt::format("{}:{}", bytes, hash.substr(0, kDigits));
}

}  // namespace vremd::video
