// SPDX-License-Identifier: Apache-2.0
#include "eval/input/record_matching.h"

#include "core/error.h"
#include "core/picture_names.h"
#include "io/json_file.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <utility>

namespace vremd::eval {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kHeadBytes = 64 << 10;

struct Sequence {
  const annotation::AnnotatedVideo* video;
  std::unordered_map<std::int64_t, std::size_t> frames = {};  // index → place in Matching::frames
  std::unordered_map<std::string, std::size_t> pictures = {};
  bool found = false;

  // The place of a frame of the records.
  std::optional<std::size_t> find(const io::FrameRecord& frame) const {
    const auto picture =
        frame.file ? pictures.find(fs::path(*frame.file).filename()) : pictures.end();
    if (picture != pictures.end()) return picture->second;
    const auto number = frames.find(frame.frame);
    if (number == frames.end()) return std::nullopt;
    return number->second;
  }
};

SequenceNameSet names_of(const annotation::Annotations& file,
                         const annotation::AnnotatedVideo& video) {
  const fs::path name = video.frames.front().file_name;
  SequenceNameSet names{video.id, "", "", "", video.path};
  if (file.videos.size() == 1) names.file = fs::path(file.path).stem();
  const bool folder = video.source == annotation::VideoSource::kFolder;
  (folder ? names.folder : names.still) =
      folder ? name.parent_path().filename().string() : video_name(name);
  return names;
}

bool same_size(const io::Header& header, const annotation::AnnotatedFrame& frame) {
  return header.width <= 0 || frame.width <= 0 ||
         (header.width == frame.width && header.height == frame.height);
}

}  // namespace

const io::Keypoint* MatchedFrame::find_keypoint(int prediction, std::string_view joint) const {
  if (prediction < 0 || !joints) return nullptr;
  const auto& keypoints = predictions[static_cast<std::size_t>(prediction)].keypoints;
  const int index = joints->index(joint);
  if (index < 0 || keypoints.empty()) return nullptr;
  const io::Keypoint& keypoint = keypoints[static_cast<std::size_t>(index)];
  return std::isfinite(keypoint.x) && std::isfinite(keypoint.y) ? &keypoint : nullptr;
}

void require_records(const std::string& path) {
  std::error_code ignored;
  constexpr const char* kMake = "vremd-convert makes them of annotations and results";
  if (fs::is_directory(path, ignored)) {
    fail("{}: a directory, not a file of records; {}: vremd-convert {}/*.json", path, kMake, path);
  }
  const std::string head = io::read_head(path, kHeadBytes);
  const std::size_t first = head.find_first_not_of(" \t\r\n");
  if (first == head.npos) return;
  if (head[first] == '[' || (head[first] == '{' && head.find("\"type\"") == head.npos)) {
    fail("{}: not records; {}", path, kMake);
  }
}

void add_box_source(const io::Header& header, std::vector<std::string>& sources) {
  std::string source = header.tool.empty() ? "unknown" : header.tool;
  if (header.from.is_array() && !header.from.empty() && header.from.back().is_object()) {
    const Json& oldest = header.from.back();
    const auto tool = oldest.find("tool");
    if (tool != oldest.end() && tool->is_string()) source = tool->get<std::string>();
  }
  if (source != "vremd-convert" && !std::ranges::count(sources, source)) sources.push_back(source);
}

std::string box_text(const std::vector<std::string>& sources) {
  return sources.empty() ? "not stated" : fmt::format("{}", fmt::join(sources, ", "));
}

bool begins_with_header(const std::string& path) {
  std::string line = io::read_head(path, kHeadBytes);
  line.resize(std::min(line.find('\n'), line.size()));
  std::erase(line, ' ');
  return line.starts_with(R"({"type":"header")");
}

void SequenceNames::add(const SequenceNameSet& names) {
  const std::array<const std::string*, 4> kinds = {&names.vid_id, &names.file, &names.folder,
                                                   &names.still};
  for (std::size_t k = 0; k < kinds.size(); ++k) {
    if (!kinds[k]->empty()) names_[k][*kinds[k]].push_back(paths_.size());
  }
  paths_.push_back(names.path);
}

std::optional<std::size_t> SequenceNames::find(const std::string& video,
                                               const std::string& place) const {
  const std::vector<std::size_t>* candidates = nullptr;
  for (const auto& names : names_) {
    const auto found = names.find(video_name(video));
    if (found == names.end()) continue;
    candidates = &found->second;
    break;
  }
  if (!candidates) return std::nullopt;
  std::vector<int> ends;
  for (const std::size_t one : *candidates) {
    ends.push_back(common_end(video, paths_[one]));
  }
  const auto best = std::ranges::max_element(ends);
  if (std::ranges::count(ends, *best) > 1) {
    fail("{}: video {}: several sequences of the ground truth have this name", place,
         excerpt(video, kPathExcerptBytes));
  }
  return (*candidates)[static_cast<std::size_t>(best - ends.begin())];
}

Matching match(const std::vector<annotation::Annotations>& truth, io::RecordStream& records) {
  Matching result;
  std::vector<Sequence> sequences;
  SequenceNames names;
  for (const annotation::Annotations& file : truth) {
    for (const annotation::AnnotatedVideo& video : file.videos) {
      names.add(names_of(file, video));
      Sequence& sequence = sequences.emplace_back(Sequence{&video});
      for (const annotation::AnnotatedFrame& frame : video.frames) {
        sequence.frames.emplace(frame.index, result.frames.size());
        if (video.source == annotation::VideoSource::kFolder) {
          sequence.pictures.emplace(fs::path(frame.file_name).filename(), result.frames.size());
        }
        MatchedFrame& matched = result.frames.emplace_back();
        matched.video = &video;
        matched.truth = &frame;
        matched.truth_joints = &file.joints;
      }
    }
  }

  std::shared_ptr<const JointSet> joints;
  while (const auto header = records.next_video()) {
    result.records = records.name();
    add_box_source(*header, result.boxes);
    const auto found = names.find(header->video, records.place());
    Sequence* sequence = found ? &sequences[*found] : nullptr;
    if (!sequence) {
      result.extra.push_back(header->video);
    } else if (std::exchange(sequence->found, true)) {
      fail("{}: video {}: duplicate predictions of sequence {}", records.place(),
           excerpt(header->video, kPathExcerptBytes), excerpt(sequence->video->id));
    } else if (!same_size(*header, sequence->video->frames.front())) {
      result.other_sizes.push_back(header->video);
    }
    if (!header->joints) {
      joints = nullptr;
    } else if (!joints || joints->joints != header->joints->joints) {
      joints = std::make_shared<const JointSet>(*header->joints);
    }
    while (const auto frame = records.next_frame()) {
      for (std::size_t i = 0; i < frame->instances.size(); ++i) {
        if (!frame->instances[i].box.finite()) {
          fail("{}: instances[{}]: box is not finite", records.place(), i);
        }
      }
      const auto place = sequence ? sequence->find(*frame) : std::nullopt;
      if (!place) {
        ++result.frame_counts.extra;
        continue;
      }
      MatchedFrame& matched = result.frames[*place];
      if (matched.predicted) fail("{}: duplicate frame {}", records.place(), frame->frame);
      matched.predicted = true;
      matched.predictions = frame->instances;
      matched.joints = joints;
      ++result.frame_counts.matched;
    }
  }
  result.cut = records.truncated();

  for (const Sequence& one : sequences) {
    ++(one.found ? result.sequences.matched : result.sequences.missing);
    if (!one.found) result.missing.push_back(one.video->id);
  }
  result.sequences.extra = static_cast<std::int64_t>(result.extra.size());
  result.frame_counts.missing =
      static_cast<std::int64_t>(result.frames.size()) - result.frame_counts.matched;
  if (result.sequences.matched == 0 && !result.extra.empty() && !sequences.empty()) {
    fail(
        "{}: no video matches a sequence of the ground truth (for example {}; the ground truth "
        "has {})",
        result.records, excerpt(result.extra.front(), kPathExcerptBytes),
        excerpt(sequences.front().video->id));
  }
  return result;
}

}  // namespace vremd::eval
