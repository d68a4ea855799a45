// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace vremd {

// From the stored to the displayed picture, one of eight: transpose first, then mirror. Clockwise
// rotations: by 90 degrees {true, true, false}, 180 {false, true, true}, 270 {true, false, true}.
struct Orientation {
  bool transposed = false, flip_x = false, flip_y = false;
  bool upright() const { return !transposed && !flip_x && !flip_y; }
  bool operator==(const Orientation& other) const {
    return transposed == other.transposed && flip_x == other.flip_x && flip_y == other.flip_y;
  }
};

}  // namespace vremd
