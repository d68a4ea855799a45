// SPDX-License-Identifier: Apache-2.0
#pragma once

// PoseTrack's names and numbers of sequences and pictures (SCORING, appendix D), and its boxes.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vremd::annotation {

// A folder of the data sets, such as "012834_mpii_test".
bool is_posetrack_folder(const std::string& name);

// Global image numbers, 1 vvvvvv ffff, begin here: such a frame_id is not a frame index.
constexpr std::int64_t kFirstGlobalNumber = 10'000'000'000;

// T 10^10 + sequence 10^4 with T = 1 for mpii, 2 for bonn, 3 for mpiinew; a frame adds its number.
// Empty if the name is not "<digits>_<mpii|bonn|mpiinew>...".
std::optional<std::int64_t> first_image_id(const std::string& sequence);

// The frame index from the name of a picture: the number, minus one if it has eight digits, since
// PoseTrack17 counts from 00000001.
std::optional<std::int64_t> posetrack_index(const std::string& file_name);

// The sequence of an evaluator's file: its name up to the first '.'.
std::string sequence_of_file(const std::string& path);

// Distinguishes the videos in a PoseTrack18 file: the folder in file_name up to its first '_'.
std::string_view video_key(std::string_view file_name);

// PoseTrack17 writes boxes as corners: the width from x to `right`, and back. Both drop the noise
// of the arithmetic beyond six decimals, so that corners survive both ways.
double width_to(double x, double right);
double right_of(double x, double width);

}  // namespace vremd::annotation
