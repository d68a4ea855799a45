// SPDX-License-Identifier: Apache-2.0
#pragma once

// Annotations in PoseTrack18's COCO-like JSON: {images, annotations, categories}.
//
// A file of the PoseTrack18 or PoseTrack21 data sets holds one video as a folder of pictures; other
// files in this format hold many vid_ids, stills (a video of one frame) and frames of video files.

#include "core/geometry.h"
#include "core/joints.h"
#include "io/json.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace vremd {

// x = y = v = 0: not annotated. v = 0 elsewhere: hidden or doubtful, no label for training or PCK.
struct AnnotatedJoint {
  double x = 0, y = 0;  // pixels, 0-based
  double v = 0;         // visibility; some tools write a confidence here

  bool labelled() const { return v > 0; }
};

struct AnnotatedPerson {
  std::optional<std::int64_t> id, track;  // id: of the annotation
  std::optional<Box> box, head_box;
  std::optional<double> box_score;
  std::optional<double> area;  // of the segmentation, where the data set has one
  bool crowd = false;          // the box holds several people (iscrowd)
  std::vector<AnnotatedJoint> joints;  // empty, or one per joint of the file
  std::vector<double> scores;          // empty, or one per joint of the file
  Json extra = Json::object();         // other keys, such as "occluded" or "flip_dist"
  std::string place;                   // "FILE: annotations[3]", for messages
};

struct AnnotatedFrame {
  std::int64_t index = 0;  // in the video, from 0, presentation order
  std::int64_t image_id = 0;
  std::string file_name;      // as the file has it: a picture, or the video file
  int width = 0, height = 0;  // 0: not in the file
  bool labelled = true;       // is_labeled; PoseTrack annotates some frames of a video only
  bool says_labelled = false;  // is_labeled is in the file
  std::vector<std::vector<Point>> ignore_regions;  // polygons
  std::vector<AnnotatedPerson> persons;            // in the order of `annotations`
};

enum class VideoSource { kStill, kFolder, kVideoFile };

struct AnnotatedVideo {
  std::string id;  // vid_id
  VideoSource source = VideoSource::kStill;
  std::string path;  // the picture, the folder of pictures or the video file: root joined with name
  std::vector<AnnotatedFrame> frames;  // by index, at least one
  std::optional<std::int64_t> nframes;  // of the whole video, as the file says

  // The picture of a frame of a still or a folder.
  std::string picture(const AnnotatedFrame& frame) const;
};

struct Annotations {
  std::string path;  // of the JSON file
  std::string root;  // what the file names are relative to; "" is the current folder
  JointSet joints;   // of the category "person", else PoseTrack's 17
  std::vector<AnnotatedVideo> videos;  // in the order of their first image

  // `root` "": the folder of the JSON file; of read_under: the current folder. Strict about what it
  // understands: an Error names the file and the place in it, such as
  // "a.json: annotations[3].bbox: not four numbers".
  static Annotations read(const std::string& path, const std::string& root = "");
  static Annotations read_under(const std::string& path, const std::string& root);
  static Annotations from_json(const Json& json, const std::string& path,
                               const std::string& root = "");
};

bool has_picture_name(const std::string& file_name);  // by its extension; else a video

// A folder of the PoseTrack data sets, such as "012834_mpii_test".
bool is_posetrack_folder(const std::string& name);

// PoseTrack's global image numbers, 1 vvvvvv ffff, begin here: such a frame_id is no frame index.
constexpr std::int64_t kFirstGlobalNumber = 10'000'000'000;

// The digits at the end of a picture's name: 30 for "images/000030.jpg".
std::optional<std::int64_t> number_in(const std::string& file_name);

// The index of a frame from the name of its picture: the number, less one where it has eight
// digits, since PoseTrack17 counts from 00000001.
std::optional<std::int64_t> posetrack_index(const std::string& file_name);

}  // namespace vremd
