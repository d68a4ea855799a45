// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "data/augment.h"
#include "io/posetrack.h"
#include "video/frame.h"

#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace vremd {

// One annotation file (PoseTrack18-style JSON) as training data.
struct TrainDataConfig {
  std::string annotations;     // the JSON file
  std::string root;            // what its file names are relative to; "": its folder
  double repeat = 1;           // how often each person comes per epoch; 0.5: half of them
  double min_score = 0;        // joints with `scores` below this are not labels
  double max_flip_distance = 1;   // joints whose `flip_dist` exceeds this are not labels
  bool weigh_by_score = false;    // a joint's weight is its score
  bool skip_suspects = false;     // persons marked `suspect_lr` in the second opinion
  std::string second_opinion;     // {annotation id: [17 x (x, y, score)]}, another model's
  double disagreement = 0.5;      // a label this many torsos from a sure second opinion is dropped
  double sure = 0.6;              // score of a sure second opinion
  double adopt = 2;               // joints that the set never labels: taken from this score on
};

// A person in a frame, with labels in the order of the model's joints.
struct TrainSample {
  int video = 0, frame = 0;  // of TrainSet::videos
  Box box;
  std::vector<JointLabel> joints;
};

// Decoded frames, kept: pictures are read on first use, video files as a whole. Thread-safe.
class FrameStore {
 public:
  FramePtr picture(const std::string& path);
  FramePtr video_frame(const std::string& path, std::int64_t index);  // Error: past its end

  double mebibytes() const;

 private:
  struct Clip {
    std::once_flag once;
    std::vector<FramePtr> frames;
  };
  mutable std::mutex mutex_;
  std::map<std::string, FramePtr> pictures_;
  std::map<std::string, std::shared_ptr<Clip>> clips_;
  double bytes_ = 0;
};

// The persons of some annotation files.
class TrainSet {
 public:
  TrainSet(const std::vector<TrainDataConfig>& configs, const JointSet& joints);

  const std::vector<TrainSample>& samples() const { return samples_; }
  const JointSet& joints() const { return joints_; }

  // Indices into samples() for one epoch, shuffled; each file as often as its `repeat` says.
  std::vector<int> order(std::uint64_t seed, std::uint64_t epoch) const;

  // Previous, key, next (one frame: key alone is enough). Ends clamp; a still is all three.
  std::array<FramePtr, 3> frames(const TrainSample& sample, bool neighbours);
  bool is_still(const TrainSample& sample) const;
  bool trained(int joint) const { return trained_[joint]; }  // some label of it exists
  std::string place(const TrainSample& sample) const;        // for messages

 private:
  void add(const TrainDataConfig& config);
  FramePtr load(const AnnotatedVideo& video, int frame);

  JointSet joints_;
  std::vector<AnnotatedVideo> videos_;
  std::vector<TrainSample> samples_;
  std::vector<bool> trained_;
  struct Part {
    int first, count;
    double repeat;
  };
  std::vector<Part> parts_;
  FrameStore store_;
};

}  // namespace vremd
