// SPDX-License-Identifier: Apache-2.0
// OpenPose's --write_json: a file per frame, NAME_000000000012_keypoints.json for a video,
// NAME_keypoints.json for a picture; the pictures of a video are often called by their numbers.
// Joints that were not found are 0, 0, 0.
// https://cmu-perceptual-computing-lab.github.io/openpose/web/html/doc/md_doc_02_output.html
#include "convert/format.h"
#include "convert/format_support.h"
#include "convert/joint_map.h"
#include "core/error.h"
#include "core/log.h"
#include "core/text.h"
#include "io/json_file.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <unordered_set>

namespace vremd::convert {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view kEnding = "_keypoints.json";
constexpr std::size_t kDigits = 12;
constexpr std::string_view kSeparators = "_-. ";  // between a name and a number

// ---- reading ----------------------------------------------------------------------------------

struct FrameFile {
  std::string path, folder, name;      // name: without the ending
  std::size_t digits = 0;              // at the end of the name
  std::optional<std::int64_t> number;  // of these digits

  std::string prefix() const { return name.substr(0, name.size() - digits); }
};

struct Video {
  std::string name;
  std::vector<FrameFile> files;
  bool is_picture = false;
};

FrameFile frame_file(const std::string& path) {
  FrameFile file{path, fs::path(path).parent_path(), fs::path(path).filename(), 0, std::nullopt};
  if (file.name.ends_with(kEnding)) {
    file.name.resize(file.name.size() - kEnding.size());
  } else {
    file.name = fs::path(file.name).stem();
  }
  const std::size_t start = file.name.find_last_not_of("0123456789") + 1;  // npos + 1 is 0
  file.number = number_from<std::int64_t>(std::string_view(file.name).substr(start));
  if (file.number) file.digits = file.name.size() - start;
  return file;
}

// Whether files of one prefix, in the order of their numbers, are the frames of a video rather than
// pictures: OpenPose's own names, bare numbers, or numbers without gaps that look like counters.
bool is_video(const std::vector<FrameFile>& files) {
  const FrameFile& first = files.front();
  const std::string prefix = first.prefix();
  const bool behind_line = !prefix.empty() && kSeparators.find(prefix.back()) != kSeparators.npos;
  if (behind_line && first.digits == kDigits) return true;
  if (files.size() == 1) return false;
  if (prefix.empty()) return true;
  constexpr std::size_t kFewestDigits = 3;
  const auto count = static_cast<std::int64_t>(files.size());
  return *files.back().number - *first.number == count - 1 &&
         (behind_line || first.digits >= kFewestDigits);
}

// The videos and pictures of files, and of the JSON files of folders, by name.
std::vector<Video> videos_of(const std::vector<std::string>& paths) {
  std::map<std::pair<std::string, std::string>, std::vector<FrameFile>> groups;
  const auto add = [&](const std::string& path) {
    FrameFile file = frame_file(path);
    groups[{file.folder, file.prefix()}].push_back(std::move(file));
  };
  for (const std::string& path : paths) {
    std::error_code ignored;
    if (!fs::is_directory(path, ignored)) {
      add(path);
      continue;
    }
    const std::vector<std::string> inside = io::files_in(path, ".json");
    if (inside.empty()) fail("{}: no JSON files in this directory", path);
    for (const std::string& one : inside) add(one);
  }
  std::vector<Video> videos;
  std::map<std::string, int> counts;
  for (auto& [key, files] : groups) {
    std::stable_sort(files.begin(), files.end(),
                     [](const FrameFile& a, const FrameFile& b) { return a.number < b.number; });
    if (files.front().number && is_video(files)) {
      std::string name = key.second;
      while (!name.empty() && kSeparators.find(name.back()) != kSeparators.npos) name.pop_back();
      if (name.empty()) name = folder_name(key.first);
      ++counts[name];
      videos.push_back({name, std::move(files), false});
    } else {
      for (FrameFile& file : files) {
        ++counts[file.name];
        videos.push_back({file.name, {std::move(file)}, true});
      }
    }
  }
  for (Video& video : videos) {  // of the same name in several folders
    if (counts[video.name] == 1) continue;
    const std::string& folder = video.files.front().folder;
    video.name =
        folder_name(folder) == video.name ? folder : (fs::path(folder) / video.name).string();
  }
  std::stable_sort(videos.begin(), videos.end(),
                   [](const Video& a, const Video& b) { return a.name < b.name; });
  return videos;
}

class Reader {
 public:
  Reader(const ReadContext& context, RecordSink& sink) : context_(context), sink_(sink) {}

  void read(const Video& video) {
    VideoStart video_start(sink_);
    io::Header& header = video_start.header = context_.header;
    header.video = io::join_root(context_.root, video.name);
    joints_ = 0;
    std::int64_t last = -1;
    for (const FrameFile& file : video.files) {
      io::FrameRecord frame = read_frame(file.path);
      frame.frame = video.is_picture ? 0 : *file.number;
      if (frame.frame <= last) fail("{}: a second frame {} of {}", file.path, last, video.name);
      last = frame.frame;
      if (joints_ && !header.joints) {
        header.joints = joint_set_of_size(joints_, context_.input_joints, file.path);
      }
      video_start.frame(std::move(frame), joints_ > 0);
    }
    video_start.end();
  }

  void finish() const {
    if (!bodiless_) return;
    if (!people_) fail("{}: people, but nobody with pose_keypoints_2d", first_bodiless_);
    log_warning("people without pose_keypoints_2d skipped: {} (the first in {})", bodiless_,
                first_bodiless_);
  }

 private:
  io::FrameRecord read_frame(const std::string& path) {
    const Json json = io::read_json_file(path);
    const std::string name = io::name_of_input(path);
    const io::JsonNode root(&json, {name});
    const io::JsonNode people = root.field("people");
    io::FrameRecord frame;
    for (const io::JsonNode person : people.array()) {
      if (auto one = read_person(person)) {
        frame.instances.push_back(std::move(*one));
        ++people_;
      } else if (!bodiless_++) {
        first_bodiless_ = name;
      }
    }
    return frame;
  }

  // Nothing: only hands or a face.
  std::optional<io::Instance> read_person(const io::JsonNode& json) {
    const auto [points, old_points, person_id] =
        json.fields({"pose_keypoints_2d", "pose_keypoints", "person_id"});  // until 1.2: the second
    const io::JsonNode& body = points ? points : old_points;
    if (!body || (body.is_array() && body.array().size() == 0)) return std::nullopt;
    io::Instance person;
    person.keypoints = keypoints_of(body.numbers(), body.place());
    if (!joints_) joints_ = person.keypoints.size();
    if (person.keypoints.size() != joints_) {
      body.wrong(fmt::format("{} keypoints, but {} before", person.keypoints.size(), joints_));
    }
    person.box = io::box_around(person.keypoints).value_or(Box{});
    person.score = io::person_score(person.keypoints, 1);
    if (!person_id) return person;
    const bool listed = person_id.is_array();
    if (listed && person_id.array().size() == 0) return person;
    const io::JsonNode id = listed ? *person_id.array().begin() : person_id;
    if (id.number() >= 0) person.track = id.integer();  // -1: no track
    return person;
  }

  const ReadContext& context_;
  RecordSink& sink_;
  std::size_t joints_ = 0, people_ = 0, bodiless_ = 0;
  std::string first_bodiless_;
};

// ---- writing ----------------------------------------------------------------------------------

class Writer : public RecordSink {
 public:
  Writer(std::string folder, bool force) : folder_(std::move(folder)), force_(force) {
    if (folder_ == "-") fail("openpose: a folder of files, not standard output; use -o");
    io::make_folder(folder_);
    io::discard_partial_files_in(folder_, kEnding);
  }

  void begin(const io::Header& header) override {
    header_ = header;
    name_ = names_.of(header.video);
  }
  void frame(io::FrameRecord frame) override {
    const bool still = is_still(header_) && frame.frame == 0;
    const std::string number = still ? "" : fmt::format("_{:012}", frame.frame);
    const std::string path = fs::path(folder_) / (name_ + number + std::string(kEnding));
    if (!written_.insert(path).second) fail("{}: a second frame of this name", path);
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
  VideoNames names_;
  std::string name_;  // of the video
  std::unordered_set<std::string> written_;
};

}  // namespace

bool guess_openpose(std::string_view head) {
  return begins_with(head, '{') && value_of(head, "people") == '[';
}

bool read_openpose(const std::vector<std::string>& paths, const ReadContext& context,
                   RecordSink& sink) {
  Reader reader(context, sink);
  for (const Video& video : videos_of(paths)) reader.read(video);
  reader.finish();
  return true;
}

std::unique_ptr<RecordSink> write_openpose(const std::string& path, bool force) {
  return std::make_unique<Writer>(path, force);
}

}  // namespace vremd::convert
