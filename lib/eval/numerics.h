// SPDX-License-Identifier: Apache-2.0
#pragma once

// The arithmetic of the official programs, to the last bit.

#include "core/geometry.h"

#include <cstddef>
#include <span>
#include <vector>

namespace vremd::eval {

// The indices of the values in ascending order, NaN last, as by numpy's argsort up to version 1.24:
// its introsort is not stable, and official scores depend on its order of equal values (SCORING,
// appendix A).
std::vector<std::size_t> numpy_argsort(std::span<const double> values);

// The sum in numpy's order of additions (SCORING, appendix B), to the last bit.
double pairwise_sum(std::span<const double> values);

// Whether the point lies strictly inside the closed polygon by the even-odd rule; edges and corners
// are outside (SCORING 3). Exact near edges, like `contains` of GEOS, used by the official
// programs.
bool strictly_inside(std::span<const Point> polygon, Point point);

}  // namespace vremd::eval
