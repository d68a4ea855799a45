// SPDX-License-Identifier: Apache-2.0
#pragma once

// Annotations as records, and records as what evaluators compare.

#include "annotation/annotations.h"
#include "io/records.h"

#include <vector>

namespace vremd::annotation {

// The header of a video: its name and size, vid_id, and the joints where anybody has some.
io::Header header_of(const AnnotatedVideo& video, const Annotations& file);

// `header`: of the frame's video. Error: a person without a box or joints.
io::FrameRecord record_of(const AnnotatedFrame& frame, const AnnotatedVideo& video,
                          const Annotations& file, const io::Header& header);

// A predicted person; `numbers`: of each keypoint, -1 to leave it out. Joints are ranked by heatmap
// maximum x box score (METHOD 2.3): records have the factors.
AnnotatedPerson person_of(const io::Instance& instance, const std::vector<int>& numbers);

}  // namespace vremd::annotation
