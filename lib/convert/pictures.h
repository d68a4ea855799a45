// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which pictures the frames of records are.

#include "io/records.h"

#include <cstdint>
#include <optional>
#include <string>

namespace vremd::convert {

bool is_still(const io::Header& header);  // by the name of its video

// Where a frame's picture lies: the picture in the video's folder, else the video itself.
std::string picture_of(const io::Header& header, const io::FrameRecord& frame);

// The id of a frame's image: its own, else by PoseTrack's rule with the number in the picture's
// name, else for a still the number in its name. Nothing: none of these.
std::optional<std::int64_t> image_id_of(const io::Header& header, const io::FrameRecord& frame);

}  // namespace vremd::convert
