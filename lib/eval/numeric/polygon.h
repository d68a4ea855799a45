// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/geometry.h"

#include <span>

namespace vremd::eval {

// Whether the point lies strictly inside the closed polygon: even-odd, also where it crosses
// itself; its edges and corners are outside (EVAL 3). Exact close to an edge as GEOS is, whose
// `contains` the official programs ask.
bool strictly_inside(std::span<const Point> polygon, Point point);

}  // namespace vremd::eval
