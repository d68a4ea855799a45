// SPDX-License-Identifier: Apache-2.0
#pragma once

// Annotated people, whatever form their file has: PoseTrack17's annolist, or the form that
// PoseTrack18, PoseTrack21 and COCO share, {images, annotations, categories}.
//
// A file of the PoseTrack data sets holds one video as a folder of pictures; other files in the
// second form hold many vid_ids, stills (a video of one frame) and frames of video files.

#include "core/geometry.h"
#include "core/joints.h"
#include "io/json.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace vremd::annotation {

struct AnnotatedJoint {
  int index = -1;         // in the joint set of the file; -1: an id of none
  double x = 0, y = 0;    // pixels, 0-based, as in the file
  double visibility = 1;  // is_visible, or COCO's v: 0 hidden or doubtful; confidences, too
  double score = std::numeric_limits<double>::quiet_NaN();  // NaN: the file has none
  bool labelled = true;  // a target of training and PCK: any joint of PoseTrack17, else v > 0

  bool has_score() const { return !std::isnan(score); }
};

// PoseTrack17 has corners, PoseTrack18 a size. Both are kept: the sum of left and width is not
// always the right edge to the last bit.
struct HeadBox {
  Box box;
  double right = 0, bottom = 0;

  static HeadBox of(const Box& box) { return {box, box.x + box.w, box.y + box.h}; }

  // What PCKh measures distances in (EVAL 4.1).
  double size() const {
    const double w = right - box.x, h = bottom - box.y;
    return 0.6 * std::sqrt(w * w + h * h);
  }
};

struct AnnotatedPerson {
  std::optional<std::int64_t> id, track;  // id: of the annotation
  std::optional<Box> box;
  std::optional<HeadBox> head;
  std::optional<double> box_score, score;
  std::optional<double> area;  // of the segmentation
  bool crowd = false;          // the box holds several people (iscrowd)
  bool has_joints = false;     // the file lists joints, perhaps none
  // In the order of the file; PoseTrack17's may hold an index twice, where the first one counts.
  // Without the (0, 0, 0) that other forms write for absent joints.
  std::vector<AnnotatedJoint> joints;
  std::vector<std::string> derived;  // joints that were computed from others
  Json other;                        // further keys, such as "flip_dist"; null: none
  std::string place;                 // "FILE: annotations[3]", for messages; "": not kept

  const AnnotatedJoint* find(int index) const;  // null: no such joint
};

using Polygon = std::vector<Point>;

struct AnnotatedFrame {
  std::int64_t index = 0;                // in the video, from 0, presentation order
  std::optional<std::int64_t> image_id;  // not in PoseTrack17
  std::string file_name;                 // a picture, or the video file; "": not in the file
  int width = 0, height = 0;             // 0: not in the file
  std::optional<bool> labelled;          // is_labeled; PoseTrack annotates only some frames
  std::vector<Polygon> ignore_regions;
  bool has_ignore_regions = false;  // the file has their keys, perhaps without a polygon
  // COCO's form: every number in the keypoints of all people here is written as an integer, which
  // makes the PoseTrack21 kit cut off their scores (EVAL 7.1).
  bool integer_keypoints = false;
  std::vector<AnnotatedPerson> persons;  // in the order of the file
};

enum class VideoSource { kStill, kFolder, kVideoFile };

struct AnnotatedVideo {
  std::string id;  // vid_id, or the name of the folder or file
  VideoSource source = VideoSource::kStill;
  std::string path;  // the picture, the folder of pictures or the video file: root joined with name
  std::vector<AnnotatedFrame> frames;   // by index, at least one
  std::optional<std::int64_t> nframes;  // of the whole video, as the file says

  // The picture of a frame of a still or a folder.
  std::string picture(const AnnotatedFrame& frame) const;
};

enum class AnnotationForm { kPoseTrack17, kCoco, kRecords };

// A file of a data set.
struct Annotations {
  std::string path;  // of the JSON file
  std::string root;  // what the file names are relative to; "": the current folder
  AnnotationForm form = AnnotationForm::kCoco;
  JointSet joints;  // PoseTrack17: posetrack15; else of the category "person", or posetrack17
  std::vector<AnnotatedVideo> videos;  // in the order of their first image

  // `root` "": the folder of the JSON file; of read_under: the current folder. Errors name the file
  // and the place in it: "a.json: annotations[3].bbox: not an array of 4 numbers".
  static Annotations read(const std::string& path, const std::string& root = "");
  static Annotations read_under(const std::string& path, const std::string& root);
  static Annotations parse(std::string text, const std::string& path, const std::string& root);
};

// Those of a file, or of all *.json directly in a folder, by name.
std::vector<Annotations> read_annotations(const std::string& path, const std::string& root = "");

}  // namespace vremd::annotation
