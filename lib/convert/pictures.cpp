// SPDX-License-Identifier: Apache-2.0
#include "convert/pictures.h"

#include "annotation/posetrack_names.h"
#include "convert/json_text.h"
#include "core/picture_names.h"

#include <filesystem>

namespace vremd::convert {

namespace fs = std::filesystem;

bool is_still(const io::Header& header) { return has_picture_name(header.video); }

std::string picture_of(const io::Header& header, const io::FrameRecord& frame) {
  if (!frame.file) return header.video;
  return (fs::path(header.video) / *frame.file).string();
}

std::optional<std::int64_t> image_id_of(const io::Header& header, const io::FrameRecord& frame) {
  constexpr std::int64_t kMostFrames = 10'000;
  if (frame.image_id) return frame.image_id;
  if (const auto first = annotation::first_image_id(video_name(header.video))) {
    const auto number = frame.file ? number_in(*frame.file) : std::optional(frame.frame);
    if (number && *number < kMostFrames) return *first + *number;
  }
  if (is_still(header)) return number_in(header.video);
  return std::nullopt;
}

}  // namespace vremd::convert
