// SPDX-License-Identifier: Apache-2.0
#include "core/picture_names.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>

namespace vremd {

std::string lower_extension(const std::string& path) {
  std::string extension = std::filesystem::path(path).extension();
  for (char& c : extension) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return extension;
}

bool has_picture_name(const std::string& path) {
  static constexpr std::array kExtensions = {".jpg", ".jpeg", ".png", ".bmp", ".webp",
                                             ".tif", ".tiff", ".ppm", ".pgm", ".jp2"};
  return std::find(kExtensions.begin(), kExtensions.end(), lower_extension(path)) !=
         kExtensions.end();
}

std::optional<std::int64_t> number_in(const std::string& path) {
  const std::string stem = std::filesystem::path(path).stem();
  const std::size_t start = stem.find_last_not_of("0123456789") + 1;  // npos + 1 is 0
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(stem.data() + start, stem.data() + stem.size(), number);
  if (start == stem.size() || error != std::errc()) return std::nullopt;
  return number;
}

}  // namespace vremd
