// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the JSON formats of lib/convert share.

#include "core/geometry.h"
#include "io/json_node.h"
#include "io/output_file.h"
#include "io/records.h"

#include <string>
#include <string_view>
#include <vector>

namespace vremd::convert {

// A JSON text around one long list, written item by item: "OPENING[" item, item "]CLOSING".
class JsonListFile {
 public:
  explicit JsonListFile(io::OutputFile& out, std::string_view opening = "");
  void add(const Json& item);
  void finish(std::string_view closing = "");

 private:
  io::OutputFile& file_;
  bool any_ = false;
};

std::string dump(const Json& json);  // one line; what is not UTF-8 is replaced

// Guessing: the first character that counts, a key somewhere, the first character of its value.
bool begins_with(std::string_view head, char first);
bool has_key(std::string_view head, std::string_view key);
char value_of(std::string_view head, std::string_view key);  // 0: no such key

// [x, y, score, x, y, score, ...]; absent joints are 0, 0, 0.
Json flat_keypoints(const std::vector<io::Keypoint>& keypoints);
std::vector<io::Keypoint> keypoints_of(const std::vector<double>& flat, const io::JsonPlace& place);

// The name of a video from that of its file or folder, without its extension.
std::string video_name(const std::string& path);

// The root of a file's names: the one that was given, else the file's folder where `joins_folder`.
std::string root_of(const std::string& file, const std::string& root, bool joins_folder);

}  // namespace vremd::convert
