// SPDX-License-Identifier: Apache-2.0
// AlphaPose's alphapose-results.json: a list of {image_id: "NAME.jpg", category_id, keypoints,
// score, box, idx}. The pictures of a video are called 0.jpg, 1.jpg, ...
// https://github.com/MVIG-SJTU/AlphaPose/blob/master/docs/output.md
#include "convert/format.h"
#include "convert/format_support.h"
#include "convert/joint_map.h"
#include "core/error.h"
#include "core/picture_names.h"
#include "io/json_file.h"

#include <filesystem>
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
    const auto [image_id, keypoints, score, idx, box] =
        result.fields({"image_id", "keypoints", "score", "idx", "box"});
    const std::string image = image_id.string();
    io::Instance person;
    person.keypoints = keypoints_of(keypoints.numbers(), keypoints.place());
    person.score = score.number(1);
    person.track = track_of(idx);
    const auto given = box.box();
    person.box = given ? *given : io::box_around(person.keypoints).value_or(Box{});
    if (index == 0) begin(image, person);
    if (person.keypoints.size() != joints_) {
      keypoints.wrong(fmt::format("{} keypoints, but {} before", person.keypoints.size(), joints_));
    }
    if (image != image_) next_frame(image, image_id);
    frame_.instances.push_back(std::move(person));
  }

  void end() {
    if (!joints_) fail("{}: no results", file_);
    sink_.frame(std::move(frame_));
    sink_.end(Json::object());
  }

 private:
  void begin(const std::string& image, const io::Instance& person) {
    joints_ = person.keypoints.size();
    io::Header header = context_.header;
    header.joints = joint_set_of_size(joints_, context_.input_joints, file_ + ": [0].keypoints");
    is_video_ = frame_of_video(image).has_value();
    header.video = context_.root;
    if (is_video_) header.video = io::join_root(header.video, video_name(path_));
    if (header.video.empty()) header.video.push_back('.');
    sink_.begin(header);
  }

  void next_frame(const std::string& image, const io::JsonNode& image_id) {
    if (!seen_.insert(image).second) {
      image_id.wrong(excerpt(image, kPathExcerptBytes) + ": its results are not contiguous");
    }
    const std::int64_t last = image_.empty() ? -1 : frame_.frame;
    std::int64_t now = last + 1;
    if (is_video_) now = number_of(image, last, image_id);
    if (!image_.empty()) sink_.frame(std::move(frame_));
    for (std::int64_t empty = last + 1; empty < now; ++empty) {
      frame_ = io::FrameRecord{};
      frame_.frame = empty;
      sink_.frame(std::move(frame_));
    }
    frame_ = io::FrameRecord{};
    frame_.frame = now;
    if (!is_video_) frame_.file = image;
    image_ = image;
  }

  // The file has no entries for frames without people, so numbers may skip.
  static std::int64_t number_of(const std::string& image, std::int64_t last,
                                const io::JsonNode& image_id) {
    constexpr std::int64_t kFarthest = 1'000'000;
    const auto number = frame_of_video(image);
    if (!number) {
      image_id.wrong(excerpt(image, kPathExcerptBytes) +
                     " is not a frame of a video, unlike the previous ones");
    }
    if (*number <= last || *number > last + kFarthest) {
      image_id.wrong(fmt::format("frame {} after frame {}", *number, last));
    }
    return *number;
  }

  std::string file_, path_;
  const ReadContext& context_;
  RecordSink& sink_;
  std::size_t joints_ = 0;
  bool is_video_ = false;
  std::string image_;  // of frame_
  io::FrameRecord frame_;
  std::unordered_set<std::string> seen_;
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
    if (stills_ && !frame.file) image = fs::path(header_.video).filename();
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
