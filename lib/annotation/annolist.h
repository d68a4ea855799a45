// SPDX-License-Identifier: Apache-2.0
#pragma once

// The elements of PoseTrack17's annolist (SCORING 2.1): almost every value is a list of one.

#include "annotation/annotations.h"
#include "io/json_dom.h"

#include <array>

namespace vremd::annotation {

// Strictly as poseval does, or as a data set: bare values instead of lists of one and frames
// without annorect are accepted, but file names are required.
enum class ReadAs { kPoseval, kDataSet };

class AnnolistReader {
 public:
  // Joint indices: for poseval the ids of the file (kPoseJointNames), else those of posetrack15.
  explicit AnnolistReader(ReadAs as);

  // Does not change `index` if there is no imgnum.
  void read(const io::DomNode& json, AnnotatedFrame& frame) const;

 private:
  io::DomNode first(const io::DomNode& list) const;
  std::string name(const io::DomNode& image) const;
  void read_person(const io::DomNode& json, AnnotatedPerson& person) const;
  void read_points(const io::DomNode& annopoints, AnnotatedPerson& person) const;
  void read_point(const io::DomNode& json, AnnotatedPerson& person) const;
  Polygon region(const io::DomNode& json) const;

  bool strict_;  // as poseval
  std::array<int, kPoseJoints> indices_;
};

}  // namespace vremd::annotation
