// SPDX-License-Identifier: Apache-2.0
#include "eval/poseval_frames.h"

#include "core/error.h"
#include "eval/polygon.h"

#include <algorithm>
#include <unordered_set>

namespace vremd {
namespace {

constexpr std::int64_t kTrackLimit = 10000;
constexpr double kNoHead = -1;  // instead of a size

// The places of the frames that poseval reads: those of a PoseTrack18 file's first video.
std::vector<std::size_t> first_video(const PoseFile& file) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < file.frames.size(); ++i) {
    if (file.format == PoseFormat::kPoseTrack17 ||
        video_key(file.frames[i].file_name) == video_key(file.frames[0].file_name)) {
      places.push_back(i);
    }
  }
  return places;
}

void check_tracks(const PoseFile& file, std::size_t place, bool unique) {
  std::unordered_set<std::int64_t> seen;
  for (const Pose& pose : file.frames[place].poses) {
    if (!pose.track) continue;
    if (*pose.track >= kTrackLimit) {
      fail("{}: track_id {} is not below {}", file.place(place), *pose.track, kTrackLimit);
    }
    if (unique && !seen.insert(*pose.track).second) {
      fail("{}: track_id {} is there twice", file.place(place), *pose.track);
    }
  }
}

bool keeps(const PoseFrame& frame, FrameChoice choice) {
  const bool annotated = !frame.poses.empty();
  return choice == FrameChoice::kLabelled ? frame.labelled.value_or(annotated) : annotated;
}

bool ignored(const std::vector<Polygon>& regions, const PosePoint& point) {
  return std::any_of(regions.begin(), regions.end(), [&](const Polygon& region) {
    return strictly_inside(region, {point.x, point.y});
  });
}

// The box of the file, else that around the joints, 1.3 times as long on each side (EVAL, appendix
// D).
Box box_of(const Pose& pose) {
  if (pose.box || pose.points.empty()) return pose.box.value_or(Box{});
  double left = pose.points[0].x, right = left, top = pose.points[0].y, bottom = top;
  for (const PosePoint& point : pose.points) {
    left = std::min(left, point.x), right = std::max(right, point.x);
    top = std::min(top, point.y), bottom = std::max(bottom, point.y);
  }
  const double w = right - left, h = bottom - top;
  return {left - 0.15 * w, top - 0.15 * h, 1.3 * w, 1.3 * h};
}

double largest_overlap(const PoseFrame& frame, const Pose& pose) {
  double largest = 0;
  for (const Pose& other : frame.poses) {
    if (&other != &pose) largest = std::max(largest, iou(box_of(pose), box_of(other)));
  }
  return largest;
}

ScoredPose scored(const Pose& pose, const std::vector<PosePoint>& points) {
  ScoredPose result;
  result.box = box_of(pose);
  result.track = pose.track.value_or(-1);
  result.head_size = pose.head ? pose.head->size() : kNoHead;
  for (const PosePoint& point : points) {
    if (point.joint < 0 || result.has[point.joint]) continue;
    result.has[point.joint] = true;
    result.x[point.joint] = point.x;
    result.y[point.joint] = point.y;
    result.score[point.joint] = point.score;
    result.visible[point.joint] = point.visible;
  }
  return result;
}

// A frame's people with points, without what lies in the regions. Where there are regions, nobody
// stays without a point.
std::vector<ScoredPose> people(const PoseFile& file, std::size_t place,
                               const std::vector<Polygon>& regions, bool tracks, bool annotated) {
  std::vector<ScoredPose> result;
  for (const Pose& pose : file.frames[place].poses) {
    if (!pose.has_points) continue;
    if (tracks && !pose.track) {
      fail("{}: a person without track_id, which tracking needs", file.place(place));
    }
    std::vector<PosePoint> points = pose.points;
    if (!regions.empty()) {
      std::erase_if(points, [&](const PosePoint& point) { return ignored(regions, point); });
      if (points.empty()) continue;
    }
    result.push_back(scored(pose, points));
    if (annotated) result.back().overlap = largest_overlap(file.frames[place], pose);
  }
  return result;
}

void check_regions(const PoseFile& truth, std::size_t place) {
  const PoseFrame& frame = truth.frames[place];
  for (std::size_t i = 0; i < frame.ignore_regions.size(); ++i) {
    if (frame.ignore_regions[i].size() >= 3) continue;
    fail("{}: ignore region {}: {} points are no polygon", truth.place(place), i,
         frame.ignore_regions[i].size());
  }
}

// Only where there is something to measure.
void check_heads(const PoseFile& truth, const ScoredFrame& frame) {
  if (frame.predicted.empty()) return;
  for (const ScoredPose& person : frame.truth) {
    if (person.head_size != kNoHead) continue;
    fail("{}: a person without head box", truth.place(frame.place));
  }
}

}  // namespace

FrameChoice frame_choice(const std::string& name) {
  if (name == "annotated") return FrameChoice::kAnnotated;
  if (name == "labeled") return FrameChoice::kLabelled;
  fail("{}: no such choice of frames (there are annotated, labeled)", name);
}

std::vector<ScoredFrame> poseval_frames(const PoseFile& truth, const PoseFile& predicted,
                                        FrameChoice choice, bool tracks) {
  const std::vector<std::size_t> places = first_video(truth), others = first_video(predicted);
  if (places.size() != others.size()) {
    fail("{}: {} frames, but {} has {}", predicted.path, others.size(), truth.path, places.size());
  }
  std::vector<ScoredFrame> frames;
  for (std::size_t i = 0; i < places.size(); ++i) {
    check_tracks(truth, places[i], false);
    check_tracks(predicted, others[i], true);
    const PoseFrame& frame = truth.frames[places[i]];
    if (!keeps(frame, choice)) continue;
    check_regions(truth, places[i]);
    ScoredFrame& kept = frames.emplace_back();
    kept.place = places[i];
    kept.truth = people(truth, places[i], frame.ignore_regions, tracks, true);
    kept.predicted = people(predicted, others[i], frame.ignore_regions, tracks, false);
    check_heads(truth, kept);
  }
  return frames;
}

}  // namespace vremd
