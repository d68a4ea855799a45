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

// A neighbour that is missing inside of a video: an Error, or the key frame stands in.
enum class MissingNeighbour { kError, kKeyFrame };
constexpr auto enum_names(MissingNeighbour) { return std::array{"error", "key"}; }

// Annotations as training data.
struct TrainDataConfig {
  std::string dataset;           // posetrack17, 18 or 21, coco, as downloaded to `root`; "": none
  std::string annotations;       // a file, or a folder of them
  std::string root;              // what its file names are relative to; "": its folder
  double repeat = 1;             // how often each person comes per epoch; 0.5: half of them
  double min_score = 0;          // joints with `scores` below this are not labels
  double max_flip_distance = 1;  // joints whose `flip_dist` exceeds this are not labels
  bool weigh_by_score = false;   // a joint's weight is its score
  bool skip_suspect_lr = false;  // persons marked `suspect_lr`: left and right perhaps swapped
  bool sanitise_boxes = true;    // cut at the picture's edge (METHOD 1.1)
  MissingNeighbour missing = MissingNeighbour::kError;

  std::string pseudo_labels;          // {annotation id: [[x, y, score], ...]} of another model
  double pseudo_veto_score = 0.6;     // a pseudo-label with a score above this drops a label that
  double pseudo_veto_distance = 0.5;  // is further from it than this, in torsos
  double pseudo_add_score = 2;        // from this score on it labels what the set never labels
};

// Another model's joints of people, by annotation id, in the order of the annotation file; weight =
// score.
using PseudoLabels = std::map<std::int64_t, std::vector<JointLabel>>;

// A person in a frame, with labels in the order of the model's joints.
struct TrainSample {
  int video = 0, frame = 0, person = 0;  // of TrainSet::videos
  Box box;                               // METHOD 1.1
  std::vector<JointLabel> joints;
};

// Where a data set as it is downloaded to `root` keeps a split ("train", "val"): posetrack17,
// posetrack18, posetrack21, coco. Error: an unknown name; no such folder or file.
struct DatasetFiles {
  std::string annotations, root;
};
std::vector<std::string> dataset_names();
DatasetFiles dataset_files(const std::string& name, const std::string& root,
                           const std::string& split);

// The persons of some annotation files.
class TrainSet {
 public:
  // `neighbours`: of each frame, besides itself. `frame_mebibytes`: of decoded frames that are kept
  // in memory.
  TrainSet(const std::vector<TrainDataConfig>& configs, const JointSet& joints,
           bool neighbours = true, double frame_mebibytes = 4096);

  const std::vector<TrainSample>& samples() const { return samples_; }
  const std::vector<annotation::AnnotatedVideo>& videos() const { return videos_; }
  const JointSet& joints() const { return joints_; }
  const JointSet& file_joints(const TrainSample& sample) const;  // of the annotations

  // Indices into samples() for one epoch, shuffled; each file as often as its `repeat` says.
  std::vector<int> order(std::uint64_t seed, std::uint64_t epoch) const;

  // Previous, key, next. Ends clamp; a still, and without `neighbours` anything, is all three. A
  // neighbour that the annotations do not list is the picture with the next number, as many digits
  // long (METHOD 1.2). Error: a picture cannot be read, or a neighbour is missing between frames
  // that the annotations list, unless `missing` allows it.
  struct Frames {
    std::array<FramePtr, 3> frames;
    // Neighbours that the key frame stands in for inside of the video: missing or damaged where
    // `missing` allows it, of a video file not decoded, or of another size.
    int substituted = 0;
  };
  Frames frames(const TrainSample& sample);
  FramePtr key_frame(const TrainSample& sample);
  bool is_still(const TrainSample& sample) const;
  bool trained(int joint) const { return trained_[joint]; }  // some label of it exists
  std::string place(const TrainSample& sample) const;        // for messages
  // Some label of `joint` exists in the data set of `sample` (an index), one entry of the
  // configuration; and whether these entries differ in that.
  bool annotated(int sample, int joint) const;
  bool sets_differ() const { return sets_differ_; }

  // For checks before a long run: what is wrong with the files of samples (indices), at most `most`
  // lines, and how many neighbours `missing` allows to be missing. All pictures and videos are
  // looked for, not opened.
  struct MissingFiles {
    std::vector<std::string> lines;
    std::int64_t substituted = 0;
  };
  MissingFiles missing_files(std::size_t most, std::span<const int> samples) const;
  MissingFiles missing_files(std::size_t most) const;  // of all

  struct Count {
    std::string annotations;  // as in the configuration
    int samples = 0, videos = 0, suspect_lr = 0;
    int unlabelled = 0;       // persons without a label
    int outside = 0;          // persons without a box in the picture
    int labels_outside = 0;   // labels outside the picture, left out
    std::vector<int> labels;  // of each joint of joints()
  };
  const std::vector<Count>& counts() const { return counts_; }

 private:
  void add(const TrainDataConfig& config);
  void add(annotation::Annotations& annotations, const TrainDataConfig& config,
           const PseudoLabels& pseudo_labels, Count& count);
  FramePtr load(const annotation::AnnotatedVideo& video, int frame);
  // Nothing: the video ends there. A null pointer: it cannot be used.
  std::optional<FramePtr> neighbour(int video, int frame, int side);
  struct NeighbourPicture {
    std::string path;     // "": there is none
    std::string missing;  // "", or "file: what" where one should be
  };
  NeighbourPicture neighbour_picture(int video, int frame, int side) const;

  JointSet joints_;
  std::vector<annotation::AnnotatedVideo> videos_;
  std::vector<JointSet> file_joints_;  // of each video
  std::vector<bool> may_miss_;         // of each video: a neighbour
  std::vector<TrainSample> samples_;
  std::vector<bool> trained_;
  struct Part {
    int first, count;
    double repeat;
  };
  std::vector<Part> parts_;
  std::vector<Count> counts_;
  bool sets_differ_ = false, neighbours_;
  FrameStore store_;
};

}  // namespace vremd::data
