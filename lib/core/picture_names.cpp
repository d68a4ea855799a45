// SPDX-License-Identifier: Apache-2.0
#include "core/picture_names.h"

#include "core/text.h"

#include <algorithm>
#include <array>
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
  return std::ranges::count(kExtensions, lower_extension(path)) > 0;
}

std::optional<std::int64_t> number_in(const std::string& path) {
  const std::string stem = std::filesystem::path(path).stem();
  const std::size_t start = stem.find_last_not_of("0123456789") + 1;  // npos + 1 is 0
  return number_from<std::int64_t>(std::string_view(stem).substr(start));
}

}  // namespace vremd
