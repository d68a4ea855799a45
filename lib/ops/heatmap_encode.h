// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

namespace vremd::ops {

// One Gaussian target of height x width around (x, y) in heatmap pixels (METHOD 1.7).
//
// udp: the centre is real-valued, the peak of an off-grid centre is below 1.
// classic: the centre is rounded, the peak is 1.
// The support has radius 3 sigma. Returns false (and all zeros) if it is entirely outside.
bool heatmap_encode(std::span<float> heatmap, int height, int width, double x, double y,
                    double sigma, bool udp);

}  // namespace vremd::ops
