// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace vremd::annotation {

// The width from x to `right`, and back. Neither keeps the noise of the arithmetic where six
// decimals were meant, so that corners survive both ways.
double width_to(double x, double right);
double right_of(double x, double width);

}  // namespace vremd::annotation
