// SPDX-License-Identifier: Apache-2.0
#include "eval/poseval/poseval_frames.h"

#include "annotation/posetrack_names.h"
#include "core/error.h"

#include <algorithm>
#include <unordered_set>

namespace vremd::eval {
namespace {

constexpr std::int64_t kTrackLimit = 10000;
constexpr double kNoHead = -1;  // instead of a size

// The frames that poseval reads: of a PoseTrack18 file only the first video.
std::vector<std::size_t> first_video(const annotation::PoseFile& file) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < file.frames.size(); ++i) {
    if (file.form == annotation::AnnotationForm::kPoseTrack17 ||
        annotation::video_key(file.frames[i].file_name) ==
            annotation::video_key(file.frames[0].file_name)) {
      places.push_back(i);
    }
  }
  return places;
}

void check_tracks(const annotation::PoseFile& file, std::size_t place, bool unique) {
  std::unordered_set<std::int64_t> seen;
  for (const annotation::AnnotatedPerson& pose : file.frames[place].persons) {
    if (!pose.track) continue;
    if (*pose.track >= kTrackLimit) {
      fail("{}: track_id {} is not below {}", file.place(place), *pose.track, kTrackLimit);
    }
    if (unique && !seen.insert(*pose.track).second) {
      fail("{}: duplicate track_id {}", file.place(place), *pose.track);
    }
  }
}

// The box of the file, else around the joints (SCORING, appendix D).
Box box_of_pose(const annotation::AnnotatedPerson& pose) {
  if (pose.box) return *pose.box;
  return box_around(pose.joints, [](const annotation::AnnotatedJoint&) { return true; })
      .value_or(Box{});
}

double largest_overlap(const annotation::AnnotatedFrame& frame,
                       const annotation::AnnotatedPerson& pose) {
  double largest = 0;
  for (const annotation::AnnotatedPerson& other : frame.persons) {
    if (&other != &pose) largest = std::max(largest, iou(box_of_pose(pose), box_of_pose(other)));
  }
  return largest;
}

ScoredPose scored(const annotation::AnnotatedPerson& pose,
                  const std::vector<annotation::AnnotatedJoint>& points) {
  ScoredPose result;
  result.box = box_of_pose(pose);
  result.track = pose.track.value_or(-1);
  result.head_size = pose.head ? pose.head->size() : kNoHead;
  for (const annotation::AnnotatedJoint& point : points) {
    if (point.index < 0 || result.has[point.index]) continue;
    result.has[point.index] = true;
    result.x[point.index] = point.x;
    result.y[point.index] = point.y;
    result.score[point.index] = point.has_score() ? point.score : kNoScore;
    result.visible[point.index] = point.visibility;
  }
  return result;
}

// A frame's people with points, without those inside the regions. With regions, people without
// points are dropped.
std::vector<ScoredPose> people(const annotation::PoseFile& file, std::size_t place,
                               const std::vector<annotation::Polygon>& regions, bool tracks,
                               bool annotated) {
  std::vector<ScoredPose> result;
  for (const annotation::AnnotatedPerson& pose : file.frames[place].persons) {
    if (!pose.has_joints) continue;
    if (tracks && !pose.track) {
      fail("{}: person without track_id, required for tracking", file.place(place));
    }
    if (regions.empty()) {
      result.push_back(scored(pose, pose.joints));
    } else {
      std::vector<annotation::AnnotatedJoint> points = pose.joints;
      std::erase_if(points, [&](const annotation::AnnotatedJoint& point) {
        return is_ignored(regions, {point.x, point.y});
      });
      if (points.empty()) continue;
      result.push_back(scored(pose, points));
    }
    if (annotated) result.back().overlap = largest_overlap(file.frames[place], pose);
  }
  return result;
}

}  // namespace

std::vector<ScoredFrame> poseval_frames(const annotation::PoseFile& truth,
                                        const annotation::PoseFile& predicted, FrameChoice choice,
                                        bool tracks) {
  const std::vector<std::size_t> places = first_video(truth), others = first_video(predicted);
  if (places.size() != others.size()) {
    fail("{}: {} frames, but {} has {}", predicted.path, others.size(), truth.path, places.size());
  }
  std::vector<ScoredFrame> frames;
  for (std::size_t i = 0; i < places.size(); ++i) {
    check_tracks(truth, places[i], false);
    check_tracks(predicted, others[i], true);
    const annotation::AnnotatedFrame& frame = truth.frames[places[i]];
    const bool annotated = !frame.persons.empty();
    const bool by_label = choice == FrameChoice::kLabelled;
    if (!(by_label ? frame.labelled.value_or(annotated) : annotated)) continue;
    const std::vector<annotation::Polygon>& regions = checked_regions(truth, places[i]);
    ScoredFrame& kept = frames.emplace_back();
    kept.truth = people(truth, places[i], regions, tracks, true);
    kept.predicted = people(predicted, others[i], regions, tracks, false);
    // Heads are required only for comparisons.
    if (!kept.predicted.empty() &&
        std::ranges::count(kept.truth, kNoHead, &ScoredPose::head_size)) {
      fail_without_head(truth, places[i]);
    }
  }
  return frames;
}

}  // namespace vremd::eval
