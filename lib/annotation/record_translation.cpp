// SPDX-License-Identifier: Apache-2.0
#include "annotation/record_translation.h"

#include "core/error.h"

#include <algorithm>
#include <filesystem>

namespace vremd::annotation {
namespace {

// Annotation files have joint score x box score (METHOD 2.3). Rounded to recover the digits of the
// record.
double without_box(double score, double box) {
  return box == 1 || !(box > 0) ? score : io::round_to_digits(score / box, 9);
}

void translate_joints(const AnnotatedPerson& person, std::size_t count, io::Instance& instance) {
  instance.keypoints.assign(count, io::Keypoint{});
  std::vector<double> visibility(count, 0);
  bool predicted = false;
  for (const AnnotatedJoint& joint : person.joints) {
    const auto i = static_cast<std::size_t>(joint.index);
    predicted |= joint.has_score();
    visibility[i] = joint.visibility;
    const double score = joint.has_score() ? without_box(joint.score, instance.box_score)
                                           : (joint.visibility > 0 ? 1.0 : 0.0);
    instance.keypoints[i] = {joint.x, joint.y, score};
  }
  if (!predicted) instance.visibility = std::move(visibility);
}

// Keys that would shadow those of a record are dropped.
bool is_record_key(const std::string& key) {
  static constexpr std::array kKeys = {"box", "keypoints", "neighbours", "track", "visibility"};
  return std::find(kKeys.begin(), kKeys.end(), key) != kKeys.end();
}

io::Instance instance_of(const AnnotatedPerson& person, const Annotations& file) {
  io::Instance instance;
  instance.id = person.id;
  instance.track = person.track;
  instance.box_score = person.box_score.value_or(1);
  instance.score = person.score.value_or(instance.box_score);
  const bool listed = file.form == AnnotationForm::kPoseTrack17 && person.has_joints;
  if (listed || !person.joints.empty()) {
    translate_joints(person, file.joints.joints.size(), instance);
  }
  const auto box = person.box ? person.box : io::box_around(instance.keypoints);
  if (!box) fail("{}: no bbox", person.place);
  instance.box = *box;
  if (person.head) instance.head_box = person.head->box;
  instance.area = person.area;
  instance.crowd = person.crowd;
  instance.derived = person.derived;
  for (const auto& [key, value] : person.other.items()) {
    if (!is_record_key(key)) instance.extra[key] = value;
  }
  return instance;
}

}  // namespace

io::Header header_of(const AnnotatedVideo& video, const Annotations& file) {
  io::Header header;
  header.video = video.path;
  header.width = video.frames.front().width;
  header.height = video.frames.front().height;
  if (video.source != VideoSource::kStill) header.frames_expected = video.nframes;
  const auto posed = [](const AnnotatedPerson& person) { return person.has_joints; };
  const bool any = std::any_of(video.frames.begin(), video.frames.end(), [&](const auto& frame) {
    return std::any_of(frame.persons.begin(), frame.persons.end(), posed);
  });
  const bool annolist = file.form == AnnotationForm::kPoseTrack17;
  if (any || annolist) header.joints = file.joints;
  if (!annolist) header.vid_id = video.id;
  return header;
}

io::FrameRecord record_of(const AnnotatedFrame& frame, const AnnotatedVideo& video,
                          const Annotations& file, const io::Header& header) {
  io::FrameRecord record;
  record.frame = frame.index;
  record.image_id = frame.image_id;
  if (video.source == VideoSource::kFolder) {
    record.file = std::filesystem::path(frame.file_name).filename();
  }
  const std::pair<int, int> size = {frame.width, frame.height};
  if (frame.width > 0 && size != std::pair(header.width, header.height)) record.size = size;
  for (const AnnotatedPerson& person : frame.persons) {
    record.instances.push_back(instance_of(person, file));
  }
  record.labelled = frame.labelled;
  record.ignore_regions = frame.ignore_regions;
  return record;
}

AnnotatedPerson person_of(const io::Instance& instance, const std::vector<int>& numbers) {
  AnnotatedPerson person;
  person.track = instance.track;
  person.box = instance.box;
  person.has_joints = true;
  for (std::size_t i = 0; i < instance.keypoints.size(); ++i) {
    const io::Keypoint& k = instance.keypoints[i];
    if (numbers[i] < 0 || io::is_absent(k)) continue;
    person.joints.push_back({numbers[i], k.x, k.y, 1, k.score * instance.box_score});
  }
  return person;
}

}  // namespace vremd::annotation
