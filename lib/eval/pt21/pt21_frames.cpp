// SPDX-License-Identifier: Apache-2.0
#include "eval/pt21/pt21_frames.h"

#include "core/error.h"

#include <cmath>
#include <unordered_set>

namespace vremd::eval {
namespace {

using Regions = std::vector<annotation::Polygon>;

void check_frames(const annotation::PoseFile& truth, const annotation::PoseFile& predicted) {
  if (truth.frames.size() != predicted.frames.size()) {
    fail("{}: {} frames, but {} has {}", predicted.path, predicted.frames.size(), truth.path,
         truth.frames.size());
  }
  for (std::size_t i = 0; i < truth.frames.size(); ++i) {
    const auto wanted = truth.frames[i].image_id, found = predicted.frames[i].image_id;
    if (wanted && found && *wanted != *found) {
      fail("{}: image id {} instead of {}", predicted.place(i), *found, *wanted);
    }
  }
}

// Moves joints inside the regions to (0, 0), the place of absent ones. False: no joint has a
// coordinate above 0 any more, so the person is dropped; without regions nobody is.
bool keep_outside(ScoredPose& pose, const Regions& regions) {
  if (regions.empty()) return true;
  bool any_left = false;
  for (int i = 0; i < kPoseJoints; ++i) {
    if (is_ignored(regions, {pose.x[i], pose.y[i]})) pose.x[i] = pose.y[i] = 0;
    any_left |= pose.x[i] > 0 || pose.y[i] > 0;
  }
  return any_left;
}

ScoredPose scored(const annotation::AnnotatedPerson& pose) {
  ScoredPose result;
  result.track = *pose.track;
  if (pose.head) result.head_size = pose.head->size();
  result.score.fill(kNoScore);
  for (int i = 0; i < kPoseJoints; ++i) {
    const annotation::AnnotatedJoint* point = pose.find(i);
    if (!point) continue;
    result.x[i] = point->x;
    result.y[i] = point->y;
    if (point->has_score()) result.score[i] = point->score;
    result.visible[i] = point->visibility;
  }
  return result;
}

std::vector<ScoredPose> people(const annotation::PoseFile& file, std::size_t place,
                               const Regions& regions) {
  std::vector<ScoredPose> result;
  std::unordered_set<std::int64_t> tracks;
  for (const annotation::AnnotatedPerson& pose : file.frames[place].persons) {
    if (!pose.track) fail("{}: person without track_id", file.place(place));
    if (!tracks.insert(*pose.track).second) {
      fail("{}: duplicate track_id {}", file.place(place), *pose.track);
    }
    ScoredPose person = scored(pose);
    if (!keep_outside(person, regions)) continue;
    for (int i = 0; i < kPoseJoints; ++i) person.has[i] = person.x[i] > 0 && person.y[i] > 0;
    result.push_back(person);
  }
  return result;
}

// Returns whether any score has a fraction.
bool truncate_scores(std::vector<ScoredPose>& people, bool truncate) {
  bool any = false;
  for (ScoredPose& person : people) {
    for (double& score : person.score) {
      const double whole = std::trunc(score);
      any |= whole != score;
      if (truncate) score = whole;
    }
  }
  return any;
}

}  // namespace

Pt21Frames pt21_frames(const annotation::PoseFile& truth, const annotation::PoseFile& predicted,
                       bool truncate) {
  check_frames(truth, predicted);
  Pt21Frames result;
  for (std::size_t i = 0; i < truth.frames.size(); ++i) {
    if (!truth.frames[i].labelled) fail("{}: no is_labeled", truth.place(i));
    if (!*truth.frames[i].labelled) continue;
    for (const annotation::AnnotatedPerson& pose : truth.frames[i].persons) {
      if (!pose.head) fail_without_head(truth, i);
    }
    if (truth.form == annotation::AnnotationForm::kCoco && !truth.frames[i].has_ignore_regions) {
      fail("{}: no ignore_regions_x and ignore_regions_y", truth.place(i));
    }
    const Regions& regions = checked_regions(truth, i);
    ScoredFrame& frame = result.frames.emplace_back();
    frame.truth = people(truth, i, regions);
    frame.predicted = people(predicted, i, regions);
    if (predicted.frames[i].integer_keypoints) {
      result.integer_frames += truncate_scores(frame.predicted, truncate);
    }
  }
  return result;
}

}  // namespace vremd::eval
