// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "draw/canvas.h"

#include <cstddef>
#include <vector>

namespace vremd::draw {

// `count` places out of people.size(), evenly spread over those with people (over all, if there
// are none anywhere). people[i]: how many are in frame i. In order; fewer if there are not enough.
std::vector<std::size_t> choose_frames(const std::vector<int>& people, std::size_t count);

// Rows and columns of equal tiles.
struct SheetLayout {
  int columns = 1, rows = 1, gap = 0;
  Size tile;

  Size size() const;
  Box place(std::size_t tile_index) const;
};

// The grid that comes nearest to a 16:10 sheet with few empty places.
SheetLayout sheet_grid(std::size_t count, double tile_aspect);

// The same with tiles as large as the bounds allow, but no larger than `largest_tile`.
SheetLayout sheet_layout(std::size_t count, Size largest_tile, Size bounds);

// Tiles are at most as large as the layout's; smaller ones are centred.
Canvas make_sheet(const std::vector<Frame>& tiles, const SheetLayout& layout);

}  // namespace vremd::draw
