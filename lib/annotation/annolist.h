// SPDX-License-Identifier: Apache-2.0
#pragma once

// The elements of PoseTrack17's annolist (EVAL 2.1): almost every value is a list of one.

#include "annotation/annotations.h"
#include "io/json_dom.h"

#include <array>

namespace vremd::annotation {

// How poseval reads a file, and how data sets are read: these may have bare values instead of lists
// of one and frames without people, but need the names of their pictures.
enum class ReadAs { kPoseval, kDataSet };

class AnnolistReader {
 public:
  // Joints are numbered as the file's ids, kPoseJointNames, for poseval; else in posetrack15.
  explicit AnnolistReader(ReadAs as);

  // `index`: of a frame that has no imgnum it stays as it is.
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
