// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "annotation/annotations.h"
#include "core/enum_names.h"
#include "data/augment.h"
#include "data/frame_store.h"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace vremd::data {

// Missing neighbours inside a video: an Error, or replaced by the key frame.
enum class MissingNeighbour { kError, kKeyFrame };
constexpr auto enum_names(MissingNeighbour) { return std::array{"error", "key"}; }

// Annotations of a training set.
struct TrainDataConfig {
  std::string dataset;           // posetrack17, 18, 21 or coco as downloaded to `root`; "": none
  std::string annotations;       // a file or directory
  std::string root;              // base of relative file names; "": directory of the annotations
  double repeat = 1;             // repetitions per epoch; 0.5: half of the persons
  int every = 1;                 // use every N-th frame with people as a key frame
  int stride = 1;                // distance of the neighbours from the key frame, in frames
  double min_score = 0;          // drop joints with `scores` below this
  double max_flip_distance = 1;  // drop joints with `flip_dist` above this
  bool weigh_by_score = false;   // weight joints by their score
  bool skip_suspect_lr = false;  // skip persons marked `suspect_lr` (left/right possibly swapped)
  bool sanitise_boxes = true;    // clip to the picture (METHOD 1.1)
  MissingNeighbour missing = MissingNeighbour::kError;

  std::string pseudo_labels;          // {annotation id: [[x, y, score], ...]} of another model
  double pseudo_veto_score = 0.6;     // pseudo-labels above this score drop labels further away
  double pseudo_veto_distance = 0.5;  // than this distance, in torso lengths
  double pseudo_add_score = 2;        // minimal score to add joints that the set never labels
};

// Another model's joints by annotation id, in the joint order of the annotation file; weight =
// score.
using PseudoLabels = std::map<std::int64_t, std::vector<JointLabel>>;

// A person in a frame; labels in the order of the model's joints.
struct TrainSample {
  int video = 0, frame = 0, person = 0;  // of TrainSet::videos
  Box box;                               // METHOD 1.1
  std::vector<JointLabel> joints;
};

// Files of a split ("train", "val") of the data set posetrack17, posetrack18, posetrack21 or coco
// as downloaded to `root`. Error: unknown name; missing directory or file.
struct DatasetFiles {
  std::string annotations, root;
};
std::vector<std::string> dataset_names();
DatasetFiles dataset_files(const std::string& name, const std::string& root,
                           const std::string& split);

// The persons of several annotation files.
class TrainSet {
 public:
  // `neighbours`: load the neighbours of key frames. `frame_mebibytes`: cache of decoded frames.
  TrainSet(const std::vector<TrainDataConfig>& configs, const JointSet& joints,
           bool neighbours = true, double frame_mebibytes = 4096);

  const std::vector<TrainSample>& samples() const { return samples_; }
  const std::vector<annotation::AnnotatedVideo>& videos() const { return videos_; }
  const JointSet& joints() const { return joints_; }
  const JointSet& file_joints(const TrainSample& sample) const {  // of the annotations
    return file_joints_[sample.video];
  }

  // Shuffled indices into samples() for one epoch; each file `repeat` times.
  std::vector<int> order(std::uint64_t seed, std::uint64_t epoch) const;

  // `stride` frames before, key, `stride` frames after. Ends clamp; all three are the same for a
  // still and without `neighbours`. An unlisted neighbour is the picture with its number, with as
  // many digits (METHOD 1.2). Error: an unreadable picture, or a neighbour missing between
  // annotated frames unless `missing` allows it.
  struct Frames {
    std::array<FramePtr, 3> frames;
    // Neighbours inside the video replaced by the key frame: missing or damaged if `missing` allows
    // it, undecodable in a video file, or of a different size.
    int substituted = 0;
  };
  Frames frames(const TrainSample& sample);
  FramePtr key_frame(const TrainSample& sample);
  bool is_still(const TrainSample& sample) const {
    return videos_[sample.video].source == annotation::VideoSource::kStill;
  }
  int stride(const TrainSample& sample) const { return stride_[sample.video]; }
  bool trained(int joint) const { return trained_[joint]; }  // it has a label
  std::string place(const TrainSample& sample) const;        // for messages
  // Whether the data set (entry of the configuration) of sample `sample` has a label of `joint`,
  // and whether the data sets differ in their labelled joints.
  bool annotated(int sample, int joint) const;
  bool sets_differ() const { return sets_differ_; }

  // Check before a long run: missing files of samples (indices), at most `most` lines, and the
  // number of missing neighbours that `missing` allows. Files are not opened.
  struct MissingFiles {
    std::vector<std::string> lines;
    std::int64_t substituted = 0;
  };
  MissingFiles missing_files(std::size_t most, std::span<const int> samples) const;
  MissingFiles missing_files(std::size_t most) const;  // of all samples

  struct Count {
    std::string annotations;  // as in the configuration
    double repeat = 1;        // likewise
    int first = 0;            // of samples()
    int samples = 0, videos = 0, suspect_lr = 0;
    std::int64_t key_frames = 0;  // frames with people, before `every`
    int unlabelled = 0;           // persons without a label
    int outside = 0;              // persons without a box inside the picture
    int labels_outside = 0;       // labels outside the picture, skipped
    std::vector<int> labels;      // of each joint of joints()
  };
  const std::vector<Count>& counts() const { return counts_; }

 private:
  void add(const TrainDataConfig& config);
  void add(annotation::Annotations& annotations, const TrainDataConfig& config,
           const PseudoLabels& pseudo_labels, Count& count);
  FramePtr load(const annotation::AnnotatedVideo& video, int frame);
  // Nullopt: outside the video. Null pointer: unusable.
  std::optional<FramePtr> neighbour(int video, int frame, int offset);
  struct NeighbourPicture {
    std::string path;     // "" if none exists
    std::string missing;  // "file: what" if one should exist
  };
  NeighbourPicture neighbour_picture(int video, int frame, int offset) const;

  JointSet joints_;
  std::vector<annotation::AnnotatedVideo> videos_;
  std::vector<JointSet> file_joints_;  // of each video
  std::vector<bool> may_miss_;         // of each video: missing neighbours are allowed
  std::vector<int> stride_;            // of each video
  std::vector<TrainSample> samples_;
  std::vector<bool> trained_;
  std::vector<Count> counts_;
  bool sets_differ_ = false, neighbours_;
  FrameStore store_;
};

}  // namespace vremd::data
