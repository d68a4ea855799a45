// SPDX-License-Identifier: Apache-2.0
#include "eval/input/pose_sources.h"

#include "annotation/posetrack_names.h"
#include "annotation/record_translation.h"
#include "core/error.h"
#include "core/parallel.h"
#include "eval/input/record_matching.h"
#include "io/json_file.h"
#include "io/record_stream.h"

#include <algorithm>
#include <filesystem>
#include <unordered_map>

namespace vremd::eval {
namespace {

namespace fs = std::filesystem;

// Error: nothing has this path.
bool is_folder(const std::string& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) {
    if (!error) error = std::make_error_code(std::errc::no_such_file_or_directory);
    fail("{}: cannot open: {}", path, error.message());
  }
  return fs::is_directory(status);
}

std::string file_name(const std::string& path) { return fs::path(path).filename(); }

// The frames of a sequence by the names that records may use.
struct FrameIndex {
  std::unordered_map<std::string, std::size_t> by_file;
  std::unordered_map<std::int64_t, std::size_t> by_index;
  annotation::PoseFile predictions;    // of the annotated frames, at first empty
  std::vector<bool> predicted;         // frames with a record
  std::optional<std::string> records;  // the place of its header
  SequenceNameSet names;

  std::optional<std::size_t> find(const io::FrameRecord& frame) const {
    const auto file = frame.file ? by_file.find(file_name(*frame.file)) : by_file.end();
    if (file != by_file.end()) return file->second;
    const auto found = by_index.find(frame.frame);
    return found == by_index.end() ? std::nullopt : std::optional(found->second);
  }
};

// The annotated frames without their people.
annotation::PoseFile frames_like(const annotation::PoseFile& truth) {
  annotation::PoseFile file;
  file.form = annotation::AnnotationForm::kRecords;
  for (const annotation::AnnotatedFrame& frame : truth.frames) {
    annotation::AnnotatedFrame& empty = file.frames.emplace_back();
    empty.file_name = frame.file_name;
    empty.image_id = frame.image_id;
    empty.index = frame.index;
  }
  return file;
}

FrameIndex index_of(const annotation::PoseFile& truth) {
  FrameIndex index;
  index.predictions = frames_like(truth);
  index.predicted.resize(truth.frames.size());
  const std::string key(truth.frames.empty() ? ""
                                             : annotation::video_key(truth.frames[0].file_name));
  for (std::size_t i = 0; i < truth.frames.size(); ++i) {
    const annotation::AnnotatedFrame& frame = truth.frames[i];
    if (truth.form == annotation::AnnotationForm::kCoco &&
        annotation::video_key(frame.file_name) != key)
      continue;
    if (!index.by_index.emplace(frame.index, i).second) {
      fail("{}: duplicate frame number {}", truth.place(i), frame.index);
    }
    if (!frame.file_name.empty()) index.by_file.emplace(file_name(frame.file_name), i);
  }
  index.names.file = fs::path(truth.path).stem();
  if (!truth.frames.empty()) {
    const fs::path name = truth.frames[0].file_name;
    index.names.vid_id = truth.vid_id;
    const bool still = truth.frames.size() == 1;
    index.names.folder = name.parent_path().filename();
    if (still) index.names.still = name.stem();
    index.names.path = still ? name : name.parent_path();
  }
  return index;
}

}  // namespace

PoseSources::PoseSources(const std::string& truth, const std::vector<std::string>& predictions,
                         int threads) {
  std::vector<std::string> files{truth};
  if (is_folder(truth)) files = io::files_in(truth, ".json");
  if (files.empty()) fail("{}: no JSON files in this directory", truth);
  std::unordered_map<std::string, int> counts;
  for (const std::string& file : files) {
    Sequence& sequence = sequences_.emplace_back();
    sequence.name = annotation::sequence_of_file(file);
    sequence.truth = file;
    ++counts[sequence.name];
  }
  for (Sequence& sequence : sequences_) {  // "S1.walk" and "S1.run"
    if (counts[sequence.name] > 1) sequence.name = fs::path(sequence.truth).stem();
  }
  const std::vector<std::string> records = list_predictions(predictions);
  if (!records.empty()) {
    read_records(records, threads);
    return;
  }
  for (const Sequence& sequence : sequences_) {
    if (!sequence.predictions.empty()) continue;
    fail("{}: no {} among the predictions", sequence.truth, file_name(sequence.truth));
  }
}

std::vector<std::string> PoseSources::list_predictions(const std::vector<std::string>& paths) {
  std::vector<std::string> files, records;
  for (const std::string& path : paths) {
    if (path != "-" && is_folder(path)) {
      const auto json = io::files_in(path, ".json"), lines = io::record_files_in(path);
      if (json.empty() && lines.empty()) fail("{}: no JSON files in this directory", path);
      files.insert(files.end(), json.begin(), json.end());
      records.insert(records.end(), lines.begin(), lines.end());
    } else {
      const bool json = fs::path(path).extension() == ".json" && !begins_with_header(path);
      (json ? files : records).push_back(path);
    }
  }
  std::unordered_map<std::string, Sequence*> by_name;
  for (Sequence& sequence : sequences_) by_name.emplace(file_name(sequence.truth), &sequence);
  for (const std::string& file : files) {
    const auto found = by_name.find(file_name(file));
    if (found == by_name.end()) {
      extra_.push_back(file);
      continue;
    }
    Sequence& sequence = *found->second;
    if (!sequence.predictions.empty()) {
      fail("{}: duplicate predictions of sequence {} (also in {})", file, sequence.name,
           sequence.predictions);
    }
    sequence.predictions = file;
  }
  return records;
}

void PoseSources::read_records(const std::vector<std::string>& paths, int threads) {
  std::vector<FrameIndex> indices(size());
  for_each_index(size(), threads, [&](std::size_t i) { indices[i] = index_of(read_truth(i)); });
  SequenceNames names;
  for (const FrameIndex& index : indices) names.add(index.names);

  bool any_instances = false, any_keypoints = false;
  MatchCounts& counts = frame_counts_.emplace();
  io::RecordStream records(paths);
  while (const auto header = records.next_video()) {
    const std::vector<int> joints = annotation::pose_joints(
        header->joints ? header->joints->joints : std::vector<std::string>());
    const auto found = names.find(header->video, records.place());
    FrameIndex* index = found ? &indices[*found] : nullptr;
    if (index) {
      const Sequence& sequence = sequences_[*found];
      if (index->records || !sequence.predictions.empty()) {
        fail("{}: video {}: duplicate predictions of sequence {} (also in {})", records.place(),
             excerpt(header->video, kPathExcerptBytes), sequence.name,
             index->records.value_or(sequence.predictions));
      }
      index->records = records.place();
      index->predictions.path = records.name();
      add_box_source(*header, box_sources_);
    } else {
      extra_.push_back(header->video);
    }
    while (const auto frame = records.next_frame()) {
      for (const io::Instance& one : frame->instances) any_keypoints |= !one.keypoints.empty();
      any_instances |= !frame->instances.empty();
      const auto place = index ? index->find(*frame) : std::nullopt;
      ++(place ? counts.matched : counts.extra);
      if (!place) continue;
      if (index->predicted[*place]) fail("{}: duplicate frame {}", records.place(), frame->frame);
      index->predicted[*place] = true;
      for (const io::Instance& one : frame->instances) {
        index->predictions.frames[*place].persons.push_back(annotation::person_of(one, joints));
      }
    }
  }
  if (records.stopped()) fail("{}: interrupted", records.name());
  cut_ = records.truncated();
  if (any_instances && !any_keypoints) {
    fail("{}: the records have no keypoints", paths.front());
  }
  bool any = false;
  for (std::size_t i = 0; i < size(); ++i) {
    if (indices[i].records) {
      counts.missing += std::ranges::count(indices[i].predicted, false);
      sequences_[i].records = std::move(indices[i].predictions);
    }
    any |= predicted(i);
  }
  if (!any) {
    fail(
        "{}: no video matches a sequence of the ground truth (for example {}; the ground truth "
        "has {})",
        paths.front(), extra_.empty() ? "none" : excerpt(extra_.front(), kPathExcerptBytes),
        sequences_.front().name);
  }
}

bool PoseSources::predicted(std::size_t sequence) const {
  return sequences_[sequence].records || !sequences_[sequence].predictions.empty();
}

annotation::PoseFile PoseSources::read_truth(std::size_t sequence) const {
  return annotation::read_pose_file(sequences_[sequence].truth);
}

annotation::PoseFile PoseSources::read_predictions(std::size_t sequence,
                                                   const annotation::PoseFile& truth) const {
  const Sequence& one = sequences_[sequence];
  if (one.records) return *one.records;
  if (!one.predictions.empty()) return annotation::read_pose_file(one.predictions);
  return frames_like(truth);
}

}  // namespace vremd::eval
