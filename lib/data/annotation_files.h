// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/posetrack.h"

#include <string>
#include <vector>

namespace vremd {

// The annotations of one file, or of all *.json directly in a folder (by name): PoseTrack17's
// annolist, PoseTrack18 and 21, COCO person keypoints, told apart by their content.
//
// `root`: what the names of pictures and videos are relative to; "": the folder of each file.
// Persons of a format without boxes get the one that vremd-convert gives them: the extent of their
// joints and 15 % of it on each side.
std::vector<Annotations> read_annotation_files(const std::string& path, const std::string& root);

}  // namespace vremd
