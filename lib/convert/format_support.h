// SPDX-License-Identifier: Apache-2.0
#pragma once

// Shared by the formats: JSON text, and the names of videos and pictures.

#include "convert/format.h"
#include "core/picture_names.h"
#include "io/json_node.h"

#include <cstdint>
#include <map>
#include <optional>
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

// For guessing: the first non-blank character, a key anywhere, the first character of its value.
bool begins_with(std::string_view head, char first);
bool has_key(std::string_view head, std::string_view key);
char value_of(std::string_view head, std::string_view key);  // 0: no such key

// [x, y, score, x, y, score, ...]; absent joints are 0, 0, 0.
Json flat_keypoints(const std::vector<io::Keypoint>& keypoints);
std::vector<io::Keypoint> keypoints_of(const std::vector<double>& flat, const io::JsonPlace& place);

std::string folder_name(const std::string& folder);  // "": of the current one

// Names files after videos. A second video of the same name is called after its whole path,
// "b_0001" for "b/0001.jpg", with a warning.
class VideoNames {
 public:
  std::string of(const std::string& video);  // Error: that name is taken as well

 private:
  std::map<std::string, std::string> videos_;  // by name
};

// The root of a file's names: context.root, else the file's folder if context.joins_folder.
std::string root_of(const std::string& file, const ReadContext& context);

bool is_still(const io::Header& header);  // by the name of its video

// The path of a frame's picture: in the video's folder, else the video itself.
std::string picture_of(const io::Header& header, const io::FrameRecord& frame);

// The id of a frame's image: its own, else by PoseTrack's rule from the number in the picture's
// name, else of a still the number in its name.
std::optional<std::int64_t> image_id_of(const io::Header& header, const io::FrameRecord& frame);

// Holds the frames of a video until its joints are known, which some formats do not name before
// the first person.
class VideoStart {
 public:
  explicit VideoStart(RecordSink& sink) : sink_(sink) {}

  io::Header header;  // complete before the first frame with people

  void frame(io::FrameRecord frame, bool joints_known);
  void end();

 private:
  void begin();  // once in a video

  RecordSink& sink_;
  bool begun_ = false;
  std::vector<io::FrameRecord> waiting_;
};

}  // namespace vremd::convert
