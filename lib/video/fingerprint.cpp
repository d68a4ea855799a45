// SPDX-License-Identifier: Apache-2.0
#include "video/fingerprint.h"

#include "core/error.h"
#include "core/names.h"
#include "io/mapped_file.h"
#include "video/av.h"
#include "video/picture_names.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <span>
#include <tuple>
#include <utility>

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

// Calls take(begin) for each part of a file that is looked at.
void for_each_sample(std::uintmax_t size, const auto& take) {
  const std::uintmax_t last = size - std::min(size, kSampleBytes);
  for (const std::uintmax_t begin : {std::uintmax_t{0}, last / 2, last}) take(begin);
}

// The size and the samples of what a server gives; nothing unless it allows seeking.
std::optional<std::pair<std::uintmax_t, std::string>> samples_of_url(const std::string& url) {
  AvOptions options;
  set_network_options(options, url);
  AVIOContext* opened = nullptr;
  if (avio_open2(&opened, url.c_str(), AVIO_FLAG_READ, nullptr, options.get()) < 0) return {};
  const std::unique_ptr<AVIOContext, AvDeleter<avio_closep>> io(opened);
  const std::int64_t size = avio_size(io.get());
  if (size <= 0 || !(io->seekable & AVIO_SEEKABLE_NORMAL)) return {};
  std::string text;
  bool whole = true;
  for_each_sample(static_cast<std::uintmax_t>(size), [&](std::uintmax_t begin) {
    std::string bytes(std::min<std::uintmax_t>(kSampleBytes, size - begin), '\0');
    whole = whole && avio_seek(io.get(), static_cast<std::int64_t>(begin), SEEK_SET) >= 0 &&
            avio_read(io.get(), reinterpret_cast<unsigned char*>(bytes.data()),
                      static_cast<int>(bytes.size())) == std::ssize(bytes);
    text += bytes;
  });
  if (!whole) return {};
  return std::pair(static_cast<std::uintmax_t>(size), text);
}

}  // namespace

std::optional<std::string> fingerprint(const std::string& path) {
  std::error_code error;
  std::string text;
  std::uintmax_t bytes = 0;
  if (is_url(path)) {
    if (!path.starts_with("http")) return std::nullopt;  // a stream
    silence_libav();
    const auto samples = samples_of_url(path);
    if (!samples) return std::nullopt;
    std::tie(bytes, text) = *samples;
  } else if (fs::is_regular_file(path, error)) {
    bytes = fs::file_size(path, error);
    std::ifstream file(path, std::ios::binary);
    for_each_sample(bytes, [&](std::uintmax_t begin) { text += sample(file, begin); });
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
