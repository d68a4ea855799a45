// SPDX-License-Identifier: Apache-2.0
#pragma once

// Annotated people from PoseTrack17's annolist, or from the format of PoseTrack18, PoseTrack21 and
// COCO, {images, annotations, categories}.
//
// A PoseTrack file holds one video as a folder of pictures. Other files in the second format may
// hold many vid_ids, stills (videos of one frame) and frames of video files.

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
  int index = -1;         // in the joint set of the file; -1: unknown id
  double x = 0, y = 0;    // pixels, 0-based, as in the file
  double visibility = 1;  // is_visible or COCO's v (0: hidden or uncertain), or a confidence
  double score = std::numeric_limits<double>::quiet_NaN();  // NaN if absent
  bool labelled = true;  // used by training and PCK: any joint of PoseTrack17, else v > 0

  bool has_score() const { return !std::isnan(score); }
};

// PoseTrack17 has corners, PoseTrack18 a size. Both are kept, as left + width need not equal the
// right edge to the last bit.
struct HeadBox {
  Box box;
  double right = 0, bottom = 0;

  static HeadBox of(const Box& box) { return {box, box.x + box.w, box.y + box.h}; }

  // PCKh's unit of distance (SCORING 4.1).
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
  bool has_joints = false;     // has a list of joints, perhaps empty
  // In the order of the file. PoseTrack17 may have duplicates, of which the first counts. Absent
  // joints, (0, 0, 0) in other formats, are skipped.
  std::vector<AnnotatedJoint> joints;
  std::vector<std::string> derived;  // joints computed from others
  Json other;                        // further keys, such as "flip_dist"; null if none
  std::string place;                 // "FILE: annotations[3]", for messages; "" if not kept

  const AnnotatedJoint* find(int index) const;  // null if absent
};

using Polygon = std::vector<Point>;

struct AnnotatedFrame {
  std::int64_t index = 0;                // in the video, from 0, presentation order
  std::optional<std::int64_t> image_id;  // not in PoseTrack17
  std::string file_name;                 // a picture, or the video file; "" if absent
  int width = 0, height = 0;             // 0 if absent
  std::optional<bool> labelled;          // is_labeled; PoseTrack annotates only some frames
  std::vector<Polygon> ignore_regions;
  bool has_ignore_regions = false;  // has their keys, perhaps without polygons
  // COCO's format: every number in the keypoints of all people is written as an integer, so the
  // PoseTrack21 kit truncates their scores (SCORING 7.1).
  bool integer_keypoints = false;
  std::vector<AnnotatedPerson> persons;  // in the order of the file
};

enum class VideoSource { kStill, kFolder, kVideoFile };

struct AnnotatedVideo {
  std::string id;  // vid_id, or the name of the folder or file
  VideoSource source = VideoSource::kStill;
  std::string path;  // the picture, the folder of pictures or the video file: root joined with name
  std::vector<AnnotatedFrame> frames;   // by index, at least one
  std::optional<std::int64_t> nframes;  // of the whole video, from the file

  // The picture of a frame of a still or a folder.
  std::string picture(const AnnotatedFrame& frame) const;
};

enum class AnnotationForm { kPoseTrack17, kCoco, kRecords };

struct ReadOptions {
  bool people_required = true;  // false: `annotations` may be absent, as from test sets
  JointSet joints;              // of a file that does not name them; empty: the customary ones
};

// A file of a data set.
struct Annotations {
  std::string path;  // of the JSON file
  std::string root;  // base of the file names; "": the current folder
  AnnotationForm form = AnnotationForm::kCoco;
  JointSet joints;  // PoseTrack17: posetrack15; else of person_category(), or by their number
  bool has_people = true;              // false: `annotations` is absent
  std::vector<AnnotatedVideo> videos;  // in the order of their first image

  // `root` "": the folder of the JSON file, in read_under() the current folder. Errors name the
  // place: "a.json: annotations[3].bbox: not an array of 4 numbers".
  static Annotations read(const std::string& path, const std::string& root = "");
  static Annotations read_under(const std::string& path, const std::string& root,
                                const ReadOptions& options);
  static Annotations parse(std::string text, const std::string& path, const std::string& root);
};

// Of a file, or of all *.json directly in a folder, by name.
std::vector<Annotations> read_annotations(const std::string& path, const std::string& root = "");

}  // namespace vremd::annotation
