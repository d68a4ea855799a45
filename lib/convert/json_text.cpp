// SPDX-License-Identifier: Apache-2.0
#include "convert/json_text.h"

#include "core/error.h"
#include "core/picture_names.h"

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
  file_.write(dump(item));
}

void JsonListFile::finish(std::string_view closing) {
  file_.write(any_ ? "\n]" : "]");
  file_.write(closing);
  file_.write("\n");
}

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
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

std::string video_name(const std::string& path) {
  fs::path p(path);
  if (!p.has_filename()) p = p.parent_path();  // "folder/"
  return has_picture_name(path) || p.extension().string().size() <= 5 ? p.stem() : p.filename();
}

std::string root_of(const std::string& file, const std::string& root, bool joins_folder) {
  if (!root.empty() || !joins_folder || file == "-") return root;
  return fs::path(file).parent_path();
}

}  // namespace vremd::convert
