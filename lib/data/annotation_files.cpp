// SPDX-License-Identifier: Apache-2.0
#include "data/annotation_files.h"

#include "convert/format.h"
#include "core/error.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace vremd {
namespace {

namespace fs = std::filesystem;

AnnotatedPerson person_of(const Instance& instance, const std::string& place) {
  AnnotatedPerson person;
  person.id = instance.id;
  person.track = instance.track;
  person.box = instance.box;
  person.place = place;
  person.extra = instance.extra;
  if (const auto head = person.extra.find("bbox_head"); head != person.extra.end()) {
    person.head_box = Box{(*head)[0], (*head)[1], (*head)[2], (*head)[3]};
  }
  const auto visibility = person.extra.find("visibility");
  for (std::size_t j = 0; j < instance.keypoints.size(); ++j) {
    const Keypoint& k = instance.keypoints[j];
    // PoseTrack17 lists a point that is annotated, hidden or not (METHOD 3.1): all are labels.
    const bool there = k.x != 0 || k.y != 0 ||
                       (visibility != person.extra.end() && (*visibility)[j] != 0);
    person.joints.push_back({k.x, k.y, there ? 1.0 : 0.0});
  }
  return person;
}

// PoseTrack17 as annotations: what its reader hands over, kept.
class Collector : public RecordSink {
 public:
  explicit Collector(Annotations& all) : all_(all) {}

  void begin(const Header& header) override {
    if (header.joints) all_.joints = *header.joints;
    AnnotatedVideo& video = all_.videos.emplace_back();
    video.path = header.video;
    video.id = fs::path(header.video).filename();
    video.source = VideoSource::kFolder;
  }
  void frame(FrameRecord record) override {
    AnnotatedFrame frame;
    frame.index = record.frame;
    frame.file_name = record.file.value_or("");
    for (const Instance& one : record.instances) {
      frame.persons.push_back(person_of(one, fmt::format("{}: frame {}", all_.path, frame.index)));
    }
    const auto labelled = record.extra.find("is_labeled");
    frame.says_labelled = labelled != record.extra.end();
    frame.labelled = frame.says_labelled ? labelled->get<bool>() : !frame.persons.empty();
    all_.videos.back().frames.push_back(std::move(frame));
  }
  void end(const Json&) override {}

 private:
  Annotations& all_;
};

std::string head_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) fail("{}: cannot open", path);
  std::string head(1 << 16, '\0');
  in.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<std::size_t>(in.gcount()));
  return head;
}

Annotations read_one(const std::string& path, const std::string& root) {
  if (!guess_posetrack17(head_of(path))) return Annotations::read(path, root);
  Annotations all;
  all.path = path;
  all.root = root;
  Collector collector(all);
  ReadContext context;
  context.root = root;
  context.stopped = [] { return false; };
  if (!read_posetrack17({path}, context, collector)) fail("{}: the file was cut", path);
  return all;
}

}  // namespace

std::vector<Annotations> read_annotation_files(const std::string& path, const std::string& root) {
  std::error_code error;
  std::vector<std::string> files;
  if (fs::is_directory(path, error)) {
    for (const auto& entry : fs::directory_iterator(path)) {
      const fs::path& file = entry.path();
      if (file.extension() == ".json" && !file.filename().string().starts_with('.')) {
        files.push_back(file);
      }
    }
    std::sort(files.begin(), files.end());
    if (files.empty()) fail("{}: no *.json in this folder", path);
  } else {
    files.push_back(path);
  }
  std::vector<Annotations> all;
  for (const std::string& file : files) all.push_back(read_one(file, root));
  return all;
}

}  // namespace vremd
