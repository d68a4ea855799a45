// SPDX-License-Identifier: Apache-2.0
#include "convert/posetrack_names.h"

#include "convert/json_text.h"
#include "io/posetrack.h"

#include <charconv>
#include <filesystem>

namespace vremd {

namespace fs = std::filesystem;

std::string sequence_name(const Header& header) { return stem_of(header.video); }

std::optional<std::int64_t> first_image_id(const std::string& sequence) {
  constexpr std::int64_t kSet = 10'000'000'000, kSequence = 10'000, kMostSequences = 1'000'000;
  std::int64_t number = 0;
  const char* end = sequence.data() + sequence.size();
  const auto [rest, error] = std::from_chars(sequence.data(), end, number);
  if (error != std::errc() || number < 0 || number >= kMostSequences) return std::nullopt;
  const std::string_view kind(rest, static_cast<std::size_t>(end - rest));
  const auto is = [&](std::string_view name) {
    return kind.starts_with(name) && (kind.size() == name.size() || kind[name.size()] == '_');
  };
  const int set = is("_mpii") ? 1 : is("_bonn") ? 2 : is("_mpiinew") ? 3 : 0;
  if (set == 0) return std::nullopt;
  return set * kSet + number * kSequence;
}

std::string picture_of(const Header& header, const FrameRecord& frame) {
  if (!frame.file) return header.video;
  return (fs::path(header.video) / *frame.file).string();
}

std::optional<std::int64_t> image_id_of(const Header& header, const FrameRecord& frame) {
  constexpr std::int64_t kMostFrames = 10'000;
  if (frame.image_id) return frame.image_id;
  if (const auto first = first_image_id(sequence_name(header))) {
    const auto number = frame.file ? number_in(*frame.file) : std::optional(frame.frame);
    if (number && *number < kMostFrames) return *first + *number;
  }
  if (is_still(header)) return number_in(header.video);
  return std::nullopt;
}

}  // namespace vremd
