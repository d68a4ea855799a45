// SPDX-License-Identifier: Apache-2.0
#include "eval/input/record_matching.h"

#include "core/error.h"

#include <algorithm>
#include <filesystem>
#include <utility>

namespace vremd::eval {
namespace {

namespace fs = std::filesystem;

fs::path without_slash(const std::string& path) {
  const fs::path plain = fs::path(path).lexically_normal();
  return plain.has_filename() ? plain : plain.parent_path();
}

// The number of trailing components that two paths share.
int common_end(const fs::path& a, const fs::path& b) {
  const std::vector<fs::path> left(a.begin(), a.end()), right(b.begin(), b.end());
  const auto pair = std::mismatch(left.rbegin(), left.rend(), right.rbegin(), right.rend());
  return static_cast<int>(pair.first - left.rbegin());
}

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
  (folder ? names.folder : names.still) = folder ? name.parent_path().filename() : name.stem();
  return names;
}

bool same_size(const io::Header& header, const annotation::AnnotatedFrame& frame) {
  return header.width <= 0 || frame.width <= 0 ||
         (header.width == frame.width && header.height == frame.height);
}

}  // namespace

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
  const fs::path path = without_slash(video);
  const std::vector<std::size_t>* candidates = nullptr;
  for (const auto& names : names_) {
    const auto found = names.find(path.stem());
    if (found == names.end()) continue;
    candidates = &found->second;
    break;
  }
  if (!candidates) return std::nullopt;
  std::vector<int> ends;
  for (const std::size_t one : *candidates) {
    ends.push_back(common_end(path, without_slash(paths_[one])));
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

  std::shared_ptr<const JointSet> joints;
  while (const auto header = records.next_video()) {
    result.records = records.name();
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
