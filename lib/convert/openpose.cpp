// SPDX-License-Identifier: Apache-2.0
// OpenPose's --write_json: a file per frame, NAME_000000000012_keypoints.json for a video,
// NAME_keypoints.json for a picture. Joints that were not found are 0, 0, 0.
// https://cmu-perceptual-computing-lab.github.io/openpose/web/html/doc/md_doc_02_output.html
#include "convert/format.h"
#include "convert/format_support.h"
#include "convert/joint_map.h"
#include "core/error.h"
#include "io/json_file.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>
#include <span>

namespace vremd::convert {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view kEnding = "_keypoints.json";
constexpr std::size_t kDigits = 12;

// ---- reading ----------------------------------------------------------------------------------

struct FrameFile {
  std::string path, video;
  std::optional<std::int64_t> frame;  // nothing: a picture
};

FrameFile frame_file(const std::string& path) {
  FrameFile file{path, fs::path(path).filename(), std::nullopt};
  if (file.video.ends_with(kEnding)) {
    file.video.resize(file.video.size() - kEnding.size());
  } else {
    file.video = fs::path(file.video).stem();
  }
  const std::size_t line = file.video.rfind('_');
  if (line == file.video.npos || file.video.size() - line - 1 != kDigits) return file;
  std::int64_t frame = 0;
  const char* end = file.video.data() + file.video.size();
  const auto [stop, error] = std::from_chars(file.video.data() + line + 1, end, frame);
  if (error != std::errc() || stop != end || frame < 0) return file;
  file.frame = frame;
  file.video.resize(line);
  return file;
}

// The files, and the JSON files of folders, in the order of videos and frames.
std::vector<FrameFile> frame_files(const std::vector<std::string>& paths) {
  std::vector<FrameFile> files;
  for (const std::string& path : paths) {
    std::error_code ignored;
    if (!fs::is_directory(path, ignored)) {
      files.push_back(frame_file(path));
      continue;
    }
    const std::vector<std::string> inside = io::files_in(path, ".json");
    if (inside.empty()) fail("{}: no JSON files in this directory", path);
    for (const std::string& one : inside) files.push_back(frame_file(one));
  }
  std::stable_sort(files.begin(), files.end(), [](const FrameFile& a, const FrameFile& b) {
    return std::pair(a.video, a.frame) < std::pair(b.video, b.frame);
  });
  return files;
}

io::Instance read_person(const io::JsonNode& json, std::size_t& joints) {
  const auto [points, person_id] = json.fields({"pose_keypoints_2d", "person_id"});
  io::Instance person;
  person.keypoints = keypoints_of(points.numbers(), points.place());
  if (!joints) joints = person.keypoints.size();
  if (person.keypoints.size() != joints) {
    points.wrong(fmt::format("{} keypoints, but {} before", person.keypoints.size(), joints));
  }
  person.box = io::box_around(person.keypoints).value_or(Box{});
  person.score = io::person_score(person.keypoints, 1);
  for (const io::JsonNode id : person_id.optional_array()) {  // [-1]: no track
    if (id.number() >= 0) person.track = id.integer();
    break;
  }
  return person;
}

io::FrameRecord read_frame(const FrameFile& file, std::size_t& joints) {
  const Json json = io::read_json_file(file.path);
  const std::string name = io::name_of_input(file.path);
  const io::JsonNode root(&json, {name});
  const io::JsonNode people = root.field("people");
  io::FrameRecord frame;
  frame.frame = file.frame.value_or(0);
  for (const io::JsonNode person : people.array()) {
    frame.instances.push_back(read_person(person, joints));
  }
  return frame;
}

void read_video(std::span<const FrameFile> files, const ReadContext& context, RecordSink& sink) {
  VideoStart video_start(sink);
  io::Header& header = video_start.header = context.header;
  header.video = io::join_root(context.root, files.front().video);
  std::size_t joints = 0;
  std::int64_t last = -1;
  for (const FrameFile& file : files) {
    io::FrameRecord frame = read_frame(file, joints);
    if (frame.frame <= last) fail("{}: a second frame {} of {}", file.path, last, file.video);
    last = frame.frame;
    if (joints && !header.joints) {
      header.joints = joint_set_of_size(joints, context.input_joints, files.front().path);
    }
    video_start.frame(std::move(frame), joints > 0);
  }
  video_start.end();
}

// ---- writing ----------------------------------------------------------------------------------

class Writer : public RecordSink {
 public:
  Writer(std::string folder, bool force) : folder_(std::move(folder)), force_(force) {
    if (folder_ == "-") fail("openpose: a folder of files, not standard output; use -o");
    io::make_folder(folder_);
  }

  void begin(const io::Header& header) override { header_ = header; }
  void frame(io::FrameRecord frame) override {
    const bool still = is_still(header_) && frame.frame == 0;
    const std::string number = still ? "" : fmt::format("_{:012}", frame.frame);
    const fs::path path =
        fs::path(folder_) / (video_name(header_.video) + number + std::string(kEnding));
    io::OutputFile file(path, force_);
    Json people = Json::array();
    for (const io::Instance& person : frame.instances) {
      if (!person.keypoints.empty()) people.push_back(person_json(person));
    }
    file.write(io::dump({{"version", 1.3}, {"people", std::move(people)}}) + "\n");
    file.commit();
  }

 private:
  static Json person_json(const io::Instance& person) {
    Json json;
    json["person_id"] = Json::array({person.track.value_or(-1)});
    json["pose_keypoints_2d"] = flat_keypoints(person.keypoints);
    for (const char* other : {"face_keypoints_2d", "hand_left_keypoints_2d",
                              "hand_right_keypoints_2d", "pose_keypoints_3d", "face_keypoints_3d",
                              "hand_left_keypoints_3d", "hand_right_keypoints_3d"}) {
      json[other] = Json::array();
    }
    return json;
  }

  std::string folder_;
  bool force_;
  io::Header header_;
};

}  // namespace

bool guess_openpose(std::string_view head) {
  return begins_with(head, '{') && value_of(head, "people") == '[';
}

bool read_openpose(const std::vector<std::string>& paths, const ReadContext& context,
                   RecordSink& sink) {
  const std::vector<FrameFile> files = frame_files(paths);
  for (std::size_t begin = 0; begin < files.size();) {
    std::size_t end = begin + 1;
    while (end < files.size() && files[end].video == files[begin].video) ++end;
    read_video(std::span(files).subspan(begin, end - begin), context, sink);
    begin = end;
  }
  return true;
}

std::unique_ptr<RecordSink> write_openpose(const std::string& path, bool force) {
  return std::make_unique<Writer>(path, force);
}

}  // namespace vremd::convert
