// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/geometry.h"

#include <span>

namespace vremd::eval {

// Whether the point lies strictly inside the closed polygon by the even-odd rule; edges and corners
// are outside (SCORING 3). Exact near edges, like `contains` of GEOS, used by the official
// programs.
bool strictly_inside(std::span<const Point> polygon, Point point);

}  // namespace vremd::eval
