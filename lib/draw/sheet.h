// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "draw/canvas.h"

#include <cstddef>
#include <vector>

namespace vremd::draw {

// Chooses `count` frames, evenly spread over those with people (over all, if none has people), or
// all of them if fewer. people[i]: the number of people in frame i. Ascending.
std::vector<std::size_t> choose_frames(const std::vector<int>& people, std::size_t count);

// Rows and columns of equal tiles.
struct SheetLayout {
  int columns = 1, rows = 1, gap = 0;
  Size tile;

  Size size() const;
  Box place(std::size_t tile_index) const;
};

// The grid closest to a 16:10 sheet with few empty places.
SheetLayout sheet_grid(std::size_t count, double tile_aspect);

// The same, with the largest tiles that fit into the bounds and `largest_tile`.
SheetLayout sheet_layout(std::size_t count, Size largest_tile, Size bounds);

// Tiles must not exceed the layout's; smaller ones are centred.
Canvas make_sheet(const std::vector<Frame>& tiles, const SheetLayout& layout);

}  // namespace vremd::draw
