// SPDX-License-Identifier: Apache-2.0
#include "eval/input/record_matching.h"

#include "core/error.h"
#include "core/picture_names.h"
#include "eval/input/sequence_names.h"

#include <filesystem>
#include <unordered_map>

namespace vremd::eval {
namespace {

namespace fs = std::filesystem;

struct Sequence {
  const annotation::AnnotatedVideo* video;
  std::unordered_map<std::int64_t, std::size_t> frames;  // index → place in Matching::frames
  bool found = false;
};

SequenceNameSet names_of(const annotation::Annotations& file,
                         const annotation::AnnotatedVideo& video) {
  const fs::path name = video.frames.front().file_name;
  SequenceNameSet names{video.id, "", "", "", video.path};
  if (file.videos.size() == 1) names.file = fs::path(file.path).stem();
  const bool folder = video.source == annotation::VideoSource::kFolder;
  (folder ? names.folder : names.still) = folder ? name.parent_path().filename().string() : video_name(name);
  return names;
}

bool same_size(const io::Header& header, const annotation::AnnotatedFrame& frame) {
  return header.width <= 0 || frame.width <= 0 ||
         (header.width == frame.width && header.height == frame.height);
}

}  // namespace

Matching match(const std::vector<annotation::Annotations>& truth, io::RecordReader& records) {
  Matching result;
  result.records = records.name();
  std::vector<Sequence> sequences;
  SequenceNames names;
  for (const annotation::Annotations& file : truth) {
    for (const annotation::AnnotatedVideo& video : file.videos) {
      names.add(names_of(file, video));
      Sequence& sequence = sequences.emplace_back(Sequence{&video, {}});
      for (const annotation::AnnotatedFrame& frame : video.frames) {
        sequence.frames.emplace(frame.index, result.frames.size());
        MatchedFrame& matched = result.frames.emplace_back();
        matched.video = &video;
        matched.truth = &frame;
        matched.truth_joints = &file.joints;
      }
    }
  }

  Sequence* sequence = nullptr;
  std::shared_ptr<const JointSet> joints;
  while (const auto record = records.next()) {
    if (const auto* header = std::get_if<io::Header>(&*record)) {
      const auto found = names.find(header->video, records.place());
      sequence = found ? &sequences[*found] : nullptr;
      if (!sequence) {
        result.extra.push_back(header->video);
        continue;
      }
      if (sequence->found) {
        fail("{}: video {}: duplicate predictions of sequence {}", records.place(),
             excerpt(header->video, kPathExcerptBytes), excerpt(sequence->video->id));
      }
      sequence->found = true;
      if (!same_size(*header, sequence->video->frames.front())) {
        result.other_sizes.push_back(header->video);
      }
      if (!header->joints) {
        joints = nullptr;
      } else if (!joints || joints->joints != header->joints->joints) {
        joints = std::make_shared<const JointSet>(*header->joints);
      }
    } else if (const auto* frame = std::get_if<io::FrameRecord>(&*record)) {
      for (std::size_t i = 0; i < frame->instances.size(); ++i) {
        if (!frame->instances[i].box.finite()) {
          fail("{}: instances[{}]: box is not finite", records.place(), i);
        }
      }
      if (!sequence || !sequence->frames.contains(frame->frame)) {
        ++result.frame_counts.extra;
        continue;
      }
      MatchedFrame& matched = result.frames[sequence->frames.at(frame->frame)];
      matched.predicted = true;
      matched.predictions = frame->instances;
      matched.joints = joints;
      ++result.frame_counts.matched;
    }
  }
  result.cut = records.cut();

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
        records.name(), excerpt(result.extra.front(), kPathExcerptBytes),
        excerpt(sequences.front().video->id));
  }
  return result;
}

}  // namespace vremd::eval
