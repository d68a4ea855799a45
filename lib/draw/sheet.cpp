// SPDX-License-Identifier: Apache-2.0
#include "draw/sheet.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace vremd::draw {
namespace {

constexpr double kSheetAspect = 1.6;
constexpr double kGap = 0.008;  // of the sheet's longer side, at least 2 pixels

int gap_of(Size bounds) {
  return std::max(2, static_cast<int>(kGap * std::max(bounds.width, bounds.height)));
}

}  // namespace

std::vector<std::size_t> choose_frames(const std::vector<int>& people, std::size_t count) {
  std::vector<std::size_t> from;
  for (std::size_t i = 0; i < people.size(); ++i) {
    if (people[i] > 0) from.push_back(i);
  }
  if (from.empty()) {
    from.resize(people.size());
    std::iota(from.begin(), from.end(), std::size_t{0});
  }
  if (from.size() <= count) return from;
  std::vector<std::size_t> chosen;
  // The middle of each of `count` equal parts.
  for (std::size_t i = 0; i < count; ++i) {
    chosen.push_back(from[(2 * i + 1) * from.size() / (2 * count)]);
  }
  return chosen;
}

Size SheetLayout::size() const {
  return {columns * tile.width + (columns + 1) * gap, rows * tile.height + (rows + 1) * gap};
}

Box SheetLayout::place(std::size_t tile_index) const {
  const int column = static_cast<int>(tile_index) % columns;
  const int row = static_cast<int>(tile_index) / columns;
  return {static_cast<double>(gap + column * (tile.width + gap)),
          static_cast<double>(gap + row * (tile.height + gap)), static_cast<double>(tile.width),
          static_cast<double>(tile.height)};
}

SheetLayout sheet_grid(std::size_t count, double tile_aspect) {
  SheetLayout best;
  double least = HUGE_VAL;
  const int tiles = static_cast<int>(std::max<std::size_t>(count, 1));
  for (int columns = 1; columns <= tiles; ++columns) {
    const int rows = (tiles + columns - 1) / columns;
    const double empty = static_cast<double>(rows * columns - tiles) / tiles;
    const double cost = std::fabs(std::log(columns * tile_aspect / rows / kSheetAspect)) + empty;
    if (cost < least) {
      least = cost;
      best.columns = columns;
      best.rows = rows;
    }
  }
  return best;
}

SheetLayout sheet_layout(std::size_t count, Size largest_tile, Size bounds) {
  const double aspect = static_cast<double>(largest_tile.width) / largest_tile.height;
  SheetLayout layout = sheet_grid(count, aspect);
  layout.gap = gap_of(bounds);
  const double width = (bounds.width - (layout.columns + 1.0) * layout.gap) / layout.columns;
  const double height = (bounds.height - (layout.rows + 1.0) * layout.gap) / layout.rows;
  const double scale = std::min({1.0, width / largest_tile.width, height / largest_tile.height});
  layout.tile = {std::max(1, static_cast<int>(scale * largest_tile.width)),
                 std::max(1, static_cast<int>(scale * largest_tile.height))};
  return layout;
}

Canvas make_sheet(const std::vector<Frame>& tiles, const SheetLayout& layout) {
  Canvas sheet(layout.size());
  for (std::size_t i = 0; i < tiles.size(); ++i) {
    const Frame& tile = tiles[i];
    const Box place = layout.place(i);
    const double left = std::floor((place.w - tile.width) / 2);
    const double top = std::floor((place.h - tile.height) / 2);
    sheet.picture(tile, {place.x + left, place.y + top, static_cast<double>(tile.width),
                         static_cast<double>(tile.height)});
  }
  return sheet;
}

}  // namespace vremd::draw
