// SPDX-License-Identifier: Apache-2.0
#include "convert/format_support.h"

#include "annotation/posetrack_names.h"
#include "core/error.h"
#include "core/log.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

namespace vremd::convert {

namespace fs = std::filesystem;

JsonListFile::JsonListFile(io::OutputFile& out, std::string_view opening) : file_(out) {
  file_.write(opening);
  file_.write("[");
}

void JsonListFile::add(const Json& item) {
  file_.write(any_ ? ",\n" : "\n");
  any_ = true;
  file_.write(io::dump(item));
}

void JsonListFile::finish(std::string_view closing) {
  file_.write(any_ ? "\n]" : "]");
  file_.write(closing);
  file_.write("\n");
}

bool begins_with(std::string_view head, char first) {
  const std::size_t at = head.find_first_not_of(" \t\r\n");
  return at != std::string_view::npos && head[at] == first;
}

bool has_key(std::string_view head, std::string_view key) { return value_of(head, key) != 0; }

char value_of(std::string_view head, std::string_view key) {
  const std::string quoted = '"' + std::string(key) + '"';
  const auto next = [&](std::size_t from) { return head.find_first_not_of(" \t\r\n", from); };
  for (std::size_t at = head.find(quoted); at != head.npos; at = head.find(quoted, at + 1)) {
    const std::size_t colon = next(at + quoted.size());
    if (colon == head.npos || head[colon] != ':') continue;
    const std::size_t value = next(colon + 1);
    if (value != head.npos) return head[value];
  }
  return 0;
}

Json flat_keypoints(const std::vector<io::Keypoint>& keypoints) {
  Json flat = Json::array();
  for (const io::Keypoint& k : keypoints) {
    const io::Keypoint one = io::is_absent(k) ? io::Keypoint{} : k;
    flat.push_back(one.x);
    flat.push_back(one.y);
    flat.push_back(std::isfinite(one.score) ? one.score : 0.0);
  }
  return flat;
}

std::vector<io::Keypoint> keypoints_of(const std::vector<double>& flat,
                                       const io::JsonPlace& place) {
  if (flat.size() % 3) {
    fail("{}: {} numbers, not x, y, score of joints", place.text(), flat.size());
  }
  std::vector<io::Keypoint> keypoints;
  for (std::size_t i = 0; i < flat.size(); i += 3) {
    keypoints.push_back({flat[i], flat[i + 1], flat[i + 2]});
  }
  return keypoints;
}

std::string folder_name(const std::string& folder) {
  return video_name(folder.empty() ? fs::current_path().string() : folder);
}

std::string VideoNames::of(const std::string& video) {
  const std::string name = video_name(video);
  const auto [entry, is_new] = videos_.emplace(name, video);
  if (is_new || entry->second == video) return name;
  fs::path path = fs::path(video).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();  // "folder/"
  std::string longer = path.relative_path().parent_path() / name;
  std::replace(longer.begin(), longer.end(), '/', '_');
  const auto [other, is_free] = videos_.emplace(longer, video);
  if (!is_free && other->second != video) {
    fail("{}: a second video of this name", excerpt(video, kPathExcerptBytes));
  }
  if (is_free) {
    log_warning("{}: written as {}: {} is {}", excerpt(video, kPathExcerptBytes), longer, name,
                excerpt(entry->second, kPathExcerptBytes));
  }
  return longer;
}

std::string root_of(const std::string& file, const ReadContext& context) {
  if (!context.root.empty() || !context.joins_folder || file == "-") return context.root;
  return fs::path(file).parent_path();
}

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

void VideoStart::frame(io::FrameRecord frame, bool joints_known) {
  if (joints_known) begin();
  if (begun_) {
    sink_.frame(std::move(frame));
  } else {
    waiting_.push_back(std::move(frame));
  }
}

void VideoStart::end() {
  begin();
  sink_.end(Json::object());
  begun_ = false;
}

void VideoStart::begin() {
  if (begun_) return;
  begun_ = true;
  sink_.begin(header);
  for (io::FrameRecord& frame : waiting_) sink_.frame(std::move(frame));
  waiting_.clear();
}

}  // namespace vremd::convert
