// SPDX-License-Identifier: Apache-2.0
#pragma once

// Annotations as records, and records as predictions of evaluators.

#include "annotation/annotations.h"
#include "io/records.h"

#include <vector>

namespace vremd::annotation {

// The header of a video: its name, size and vid_id, and the joints if anybody has some.
io::Header header_of(const AnnotatedVideo& video, const Annotations& file);

// `header`: of the frame's video. Error: a person with neither box nor joints.
io::FrameRecord record_of(const AnnotatedFrame& frame, const AnnotatedVideo& video,
                          const Annotations& file, const io::Header& header);

// A predicted person; `numbers`: joint index of each keypoint, -1 to skip it. Joint scores are
// heatmap maximum x box score (METHOD 2.3), of which records have the factors.
AnnotatedPerson person_of(const io::Instance& instance, const std::vector<int>& numbers);

}  // namespace vremd::annotation
