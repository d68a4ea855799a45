// SPDX-License-Identifier: Apache-2.0
#pragma once

// Plots of the average precision: self-contained SVG files.

#include "eval/pose/joint_ap.h"

#include <string>

namespace vremd::eval {

// A curve for each joint both predicted and annotated, in the colour of its column.
std::string precision_recall_svg(const PoseSamples& samples, const PoseAp& scores);

// A bar for each joint, and the total.
std::string ap_bars_svg(const PoseAp& scores);

}  // namespace vremd::eval
