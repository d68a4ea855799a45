// SPDX-License-Identifier: Apache-2.0
#include "draw/drawing.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>

namespace vremd::draw {
namespace {

constexpr double kMaxScale = 16;
constexpr int kMinSide = 16, kMaxSide = 32767;  // Cairo's and most codecs' limit

template <typename T>
std::optional<T> number(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Size scaled(Size frame, double scale) {
  const auto side = [&](int pixels) {
    return std::clamp(static_cast<int>(std::lround(pixels * scale)), 1, kMaxSide);
  };
  return {side(frame.width), side(frame.height)};
}

}  // namespace

OutputKind output_kind(const std::string& output) {
  if (output == "-") return OutputKind::kPicture;
  const std::filesystem::path path(output);
  std::error_code ignored;
  if (!path.has_filename() || !path.has_extension() ||
      std::filesystem::is_directory(path, ignored)) {
    return OutputKind::kFolder;
  }
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const bool picture = ending == ".png" || ending == ".jpg" || ending == ".jpeg";
  return picture ? OutputKind::kPicture : OutputKind::kVideo;
}

std::optional<SizeRule> SizeRule::parse(const std::string& text) {
  if (text.empty()) return SizeRule{};
  const std::size_t by = text.find('x');
  if (by == std::string::npos) {
    const auto scale = number<double>(text);
    if (!scale || !(*scale > 0 && *scale <= kMaxScale)) return std::nullopt;
    return SizeRule{std::nullopt, *scale};
  }
  const auto width = number<int>(std::string_view(text).substr(0, by));
  const auto height = number<int>(std::string_view(text).substr(by + 1));
  if (!width || !height || std::min(*width, *height) < kMinSide ||
      std::max(*width, *height) > kMaxSide) {
    return std::nullopt;
  }
  return SizeRule{Size{*width, *height}, 1};
}

Size SizeRule::of(Size frame) const {
  if (!bounds) return scale == 1 ? frame : scaled(frame, scale);
  return scaled(frame, std::min(static_cast<double>(bounds->width) / frame.width,
                                static_cast<double>(bounds->height) / frame.height));
}

}  // namespace vremd::draw
