// SPDX-License-Identifier: Apache-2.0
#include "core/picture_names.h"

#include "core/text.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <vector>

namespace vremd {

std::string lower_extension(const std::string& path) {
  return lower_case(std::filesystem::path(path).extension());
}

bool has_picture_name(const std::string& path) {
  static constexpr std::array kExtensions = {".jpg", ".jpeg", ".png", ".bmp", ".webp",
                                             ".tif", ".tiff", ".ppm", ".pgm", ".jp2"};
  return std::ranges::count(kExtensions, lower_extension(path)) > 0;
}

std::string video_name(const std::string& path) {
  static constexpr std::array kExtensions = {
      ".264",  ".265", ".3gp",  ".asf",  ".av1",  ".avi",  ".dav",  ".divx", ".dv",  ".f4v",
      ".flv",  ".gif", ".h264", ".h265", ".hevc", ".ivf",  ".m2ts", ".m2v",  ".m4v", ".mjpeg",
      ".mjpg", ".mkv", ".mov",  ".mp4",  ".mpeg", ".mpg",  ".mts",  ".mxf",  ".nut", ".ogg",
      ".ogv",  ".rm",  ".rmvb", ".ts",   ".vob",  ".webm", ".wmv",  ".y4m"};
  std::filesystem::path name(path);
  if (!name.has_filename()) name = name.parent_path();  // "folder/"
  const bool has_ending =
      has_picture_name(path) ||
      std::find(kExtensions.begin(), kExtensions.end(), lower_extension(path)) != kExtensions.end();
  return has_ending ? name.stem() : name.filename();
}

int common_end(const std::string& a, const std::string& b) {
  const auto components = [](const std::string& text) {
    const std::filesystem::path path = std::filesystem::path(text).lexically_normal();
    const std::filesystem::path plain = path.has_filename() ? path : path.parent_path();
    return std::vector<std::filesystem::path>(plain.begin(), plain.end());
  };
  const auto left = components(a), right = components(b);
  const auto ends = std::mismatch(left.rbegin(), left.rend(), right.rbegin(), right.rend());
  return static_cast<int>(ends.first - left.rbegin());
}

std::optional<std::int64_t> number_in(const std::string& path) {
  const std::string stem = std::filesystem::path(path).stem();
  const std::size_t start = stem.find_last_not_of("0123456789") + 1;  // npos + 1 is 0
  return number_from<std::int64_t>(std::string_view(stem).substr(start));
}

}  // namespace vremd
