// SPDX-License-Identifier: Apache-2.0
#include "convert/json_text.h"

#include "convert/joint_map.h"
#include "core/error.h"
#include "io/posetrack.h"

#include <cmath>
#include <filesystem>
#include <limits>

namespace vremd {

namespace fs = std::filesystem;

namespace {

// 29.55 rather than 29.549999999999983
double neat(double value) {
  constexpr double kNoise = 1e-9;
  const double rounded = std::round(value * 1e6) / 1e6;
  return std::fabs(rounded - value) < kNoise ? rounded : value;
}

}  // namespace

JsonListFile::JsonListFile(const std::string& path, bool force, std::string_view opening)
    : file_(path, force) {
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
  file_.commit();
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

Json flat_keypoints(const std::vector<Keypoint>& keypoints) {
  Json flat = Json::array();
  for (const Keypoint& k : keypoints) {
    const Keypoint one = is_absent(k) ? Keypoint{} : k;
    flat.push_back(one.x);
    flat.push_back(one.y);
    flat.push_back(std::isfinite(one.score) ? one.score : 0.0);
  }
  return flat;
}

std::vector<Keypoint> keypoints_of(const JsonNode& flat) {
  const std::vector<double> xys = flat.numbers();
  if (xys.size() % 3) flat.wrong(fmt::format("{} numbers, not x, y, score of joints", xys.size()));
  std::vector<Keypoint> keypoints;
  for (std::size_t i = 0; i < xys.size(); i += 3) {
    keypoints.push_back({xys[i], xys[i + 1], xys[i + 2]});
  }
  return keypoints;
}

double width_to(double x, double right) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const double w = right - x;
  for (const double one :
       {neat(w), w, std::nextafter(w, kInfinity), std::nextafter(w, -kInfinity)}) {
    if (right_of(x, one) == right) return one;
  }
  return w;
}

double right_of(double x, double width) { return neat(x + width); }

bool is_still(const Header& header) { return has_picture_name(header.video); }

std::string stem_of(const std::string& path) {
  fs::path p(path);
  if (!p.has_filename()) p = p.parent_path();  // "folder/"
  return has_picture_name(path) || p.extension().string().size() <= 5 ? p.stem() : p.filename();
}

std::string join_paths(const std::string& root, const std::string& name) {
  return root.empty() ? name : (fs::path(root) / name).string();
}

std::string root_of(const std::string& file, const std::string& root, bool joins_folder) {
  if (!root.empty() || !joins_folder || file == "-") return root;
  return fs::path(file).parent_path();
}

}  // namespace vremd
