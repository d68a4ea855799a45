// SPDX-License-Identifier: Apache-2.0
// AlphaPose's alphapose-results.json: a list of {image_id: "NAME.jpg", category_id, keypoints,
// score, box, idx}. The pictures of a video are called 0.jpg, 1.jpg, ...
// https://github.com/MVIG-SJTU/AlphaPose/blob/master/docs/output.md
#include "convert/format.h"
#include "convert/format_support.h"
#include "convert/joint_map.h"
#include "core/error.h"
#include "io/json_file.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <unordered_map>
#include <unordered_set>

namespace vremd::convert {
namespace {

namespace fs = std::filesystem;
// ---- reading ----------------------------------------------------------------------------------

// idx: a number, or with pose NMS the merged ones as a list, possibly nested; takes the first.
std::optional<std::int64_t> track_of(const io::JsonNode& idx) {
  if (!idx) return std::nullopt;
  const Json* first = idx.value();
  while (first->is_array() && !first->empty()) first = &first->front();
  if (first->is_array()) return std::nullopt;
  return io::JsonNode(first, idx.place()).integer();
}

// "12.jpg": frame 12 of a video.
std::optional<std::int64_t> frame_of_video(const std::string& image) {
  const std::string stem = fs::path(image).stem();
  const bool padded = stem.size() > 1 && stem[0] == '0';
  if (stem.find_first_not_of("0123456789") != stem.npos || padded) return std::nullopt;
  return number_in(image);
}

class Reader {
 public:
  Reader(const std::string& path, const ReadContext& context, RecordSink& sink)
      : file_(io::name_of_input(path)), path_(path), context_(context), sink_(sink) {}

  void take(const Json& json, std::size_t index) {
    const io::JsonPlace file{file_};
    const io::JsonNode result(&json, {"", &file, index});
    // Ultralytics writes file_name, bbox and track_id beside an image_id without the extension.
    const auto [image_id, file_name, keypoints, score, idx, track_id, box, bbox] = result.fields(
        {"image_id", "file_name", "keypoints", "score", "idx", "track_id", "box", "bbox"});
    const std::string image = (file_name ? file_name : image_id).string();
    io::Instance person;
    person.keypoints = keypoints_of(keypoints.numbers(), keypoints.place());
    person.score = score.number(1);
    person.track = track_of(idx ? idx : track_id);
    const auto given = (box ? box : bbox).box();
    person.box = given ? *given : io::box_around(person.keypoints).value_or(Box{});
    const auto number = frame_of_video(image);
    if (index == 0) {
      joints_ = person.keypoints.size();
      is_video_ = number.has_value();
    }
    if (person.keypoints.size() != joints_) {
      keypoints.wrong(fmt::format("{} keypoints, but {} before", person.keypoints.size(), joints_));
    }
    if (is_video_ && !number) {
      image_id.wrong(excerpt(image, kPathExcerptBytes) +
                     " is not a frame of a video, unlike the previous ones");
    }
    folders_.insert(fs::path(image).parent_path());
    const auto [entry, is_new] = by_image_.emplace(image, images_.size());
    if (is_new) images_.push_back({image, number.value_or(0), index, {}});
    images_[entry->second].people.push_back(std::move(person));
  }

  void end() {
    if (!joints_) fail("{}: no results", file_);
    is_video_ = is_video_ && folders_.size() == 1;
    io::Header header = context_.header;
    header.joints = joint_set_of_size(joints_, context_.input_joints, file_ + ": [0].keypoints");
    const std::string name = path_ == "-" && !is_video_ ? "." : fs::path(path_).stem().string();
    // The names of pictures are relative to the root.
    const bool under_root = !is_video_ && !context_.root.empty();
    header.video = under_root ? context_.root : io::join_root(context_.root, name);
    sink_.begin(header);
    sort();
    std::int64_t next = 0;
    for (Image& image : images_) {
      if (is_video_) fill(image, next);
      io::FrameRecord frame;
      frame.frame = next++;
      if (!is_video_) frame.file = image.name;
      frame.instances = std::move(image.people);
      sink_.frame(std::move(frame));
    }
    sink_.end(Json::object());
  }

 private:
  struct Image {
    std::string name;
    std::int64_t number = 0;
    std::size_t index = 0;  // of its first result
    std::vector<io::Instance> people;
  };

  // By numbers, if all differ in nothing else.
  void sort() {
    const auto prefix = [](const std::string& name) {
      const fs::path path(name);
      const std::string stem = path.stem();
      return path.parent_path() / stem.substr(0, stem.find_last_not_of("0123456789") + 1);
    };
    for (Image& image : images_) {
      const auto number = number_in(image.name);
      if (!number || prefix(image.name) != prefix(images_.front().name)) return;
      image.number = *number;
    }
    std::stable_sort(images_.begin(), images_.end(),
                     [](const Image& a, const Image& b) { return a.number < b.number; });
  }

  // The file has no entries for frames without people.
  void fill(const Image& image, std::int64_t& next) {
    constexpr std::int64_t kFarthest = 1'000'000;
    if (image.number < next || image.number >= next + kFarthest) {
      fail("{}: [{}].image_id: frame {} after frame {}", file_, image.index, image.number,
           next - 1);
    }
    for (; next < image.number; ++next) {
      io::FrameRecord empty;
      empty.frame = next;
      sink_.frame(std::move(empty));
    }
  }

  std::string file_, path_;
  const ReadContext& context_;
  RecordSink& sink_;
  std::size_t joints_ = 0;
  bool is_video_ = false;
  std::vector<Image> images_;
  std::unordered_map<std::string, std::size_t> by_image_;
  std::set<std::string> folders_;
};

// ---- writing ----------------------------------------------------------------------------------

class Writer : public RecordSink {
 public:
  explicit Writer(io::OutputFile& out) : list_(out) {}

  void begin(const io::Header& header) override {
    if (any_ && !(stills_ && is_still(header))) {
      fail("{}: a second video in one AlphaPose file; use a directory for -o",
           excerpt(header.video, kPathExcerptBytes));
    }
    any_ = true;
    stills_ = is_still(header);
    header_ = header;
  }
  void frame(io::FrameRecord frame) override {
    std::string image = frame.file ? *frame.file : fmt::format("{}.jpg", frame.frame);
    if (stills_ && !frame.file) {
      image = fs::path(header_.video).filename();
      // AlphaPose itself would write a second picture of this name as the first one.
      if (!names_.insert(image).second) image = header_.video;
    }
    for (const io::Instance& person : frame.instances) {
      if (person.keypoints.empty()) continue;
      Json json{{"image_id", image}, {"category_id", 1}};
      json["keypoints"] = flat_keypoints(person.keypoints);
      json["score"] = person.score;
      json["box"] = {person.box.x, person.box.y, person.box.w, person.box.h};
      if (person.track) json["idx"] = *person.track;
      list_.add(json);
    }
  }
  void finish() override { list_.finish(); }

 private:
  JsonListFile list_;
  io::Header header_;
  bool any_ = false, stills_ = false;
  std::unordered_set<std::string> names_;  // of stills
};

}  // namespace

bool guess_alphapose(std::string_view head) {
  return begins_with(head, '[') && value_of(head, "image_id") == '"' && has_key(head, "keypoints");
}

bool read_alphapose(const std::vector<std::string>& paths, const ReadContext& context,
                    RecordSink& sink) {
  for (const std::string& path : paths) {
    Reader reader(path, context, sink);
    const auto take = [&](const Json& json, std::size_t index, const Json&) {
      reader.take(json, index);
    };
    const Json rest = io::read_json_file(path, {{"", take}});
    if (!rest.is_array()) fail("{}: not a list of results", io::name_of_input(path));
    reader.end();
  }
  return true;
}

std::unique_ptr<RecordSink> write_alphapose(io::OutputFile& out) {
  return std::make_unique<Writer>(out);
}

}  // namespace vremd::convert
