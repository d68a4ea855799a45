// SPDX-License-Identifier: Apache-2.0
#pragma once

// PoseTrack's names and numbers of sequences and pictures (EVAL, appendix D).

#include "io/records.h"

#include <cstdint>
#include <optional>
#include <string>

namespace vremd {

// The folder of a sequence, or the name of a video without its extension: "012834_mpii_test".
std::string sequence_name(const Header& header);

// T 10^10 + sequence 10^4, T being 1 for mpii, 2 for bonn, 3 for mpiinew; a frame adds its number.
// Nothing: the name is not "<digits>_<mpii|bonn|mpiinew>...".
std::optional<std::int64_t> first_image_id(const std::string& sequence);

// Where a frame's picture lies: the picture in the video's folder, else the video itself.
std::string picture_of(const Header& header, const FrameRecord& frame);

// The id of a frame's image: its own, else by the official rule with the number in the picture's
// name, else for a still the number in its name. Nothing: none of these.
std::optional<std::int64_t> image_id_of(const Header& header, const FrameRecord& frame);

}  // namespace vremd
