// SPDX-License-Identifier: Apache-2.0
#pragma once

// PoseTrack's names and numbers of sequences and pictures (EVAL, appendix D).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vremd::annotation {

// A folder of the data sets, such as "012834_mpii_test".
bool is_posetrack_folder(const std::string& name);

// Global image numbers, 1 vvvvvv ffff, begin here: such a frame_id is no frame index.
constexpr std::int64_t kFirstGlobalNumber = 10'000'000'000;

// T 10^10 + sequence 10^4, T being 1 for mpii, 2 for bonn, 3 for mpiinew; a frame adds its number.
// Nothing: the name is not "<digits>_<mpii|bonn|mpiinew>...".
std::optional<std::int64_t> first_image_id(const std::string& sequence);

// The index of a frame from the name of its picture: the number, less one where it has eight
// digits, since PoseTrack17 counts from 00000001.
std::optional<std::int64_t> posetrack_index(const std::string& file_name);

// The sequence that an evaluator's file is of: its name up to the first '.'.
std::string sequence_of_file(const std::string& path);

// PoseTrack18 tells the videos in one file apart by the folder in file_name, up to its first '_'.
std::string_view video_key(std::string_view file_name);

}  // namespace vremd::annotation
