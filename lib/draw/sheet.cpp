// SPDX-License-Identifier: Apache-2.0
#include "draw/sheet.h"

#include "core/error.h"
#include "core/log.h"
#include "draw/drawing.h"
#include "draw/frame_tasks.h"
#include "parallel/ordered_pipeline.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace vremd::draw {
namespace {

constexpr double kSheetAspect = 1.6;
constexpr double kGap = 0.008;  // of the sheet's longer side, at least 2 pixels

constexpr Size kUsualBounds{1920, 1440};
constexpr double kMaxUpscale = 2;  // of a frame, without --size

struct Video {
  io::Header header;
  std::string place;  // of the header
};

// One record of one of the videos.
struct Chosen {
  std::size_t video;
  io::FrameRecord record;
};

Size size_of(const io::Header& header, const io::FrameRecord& record) {
  const auto [width, height] = record.size.value_or(std::pair{header.width, header.height});
  return width > 0 && height > 0 ? Size{width, height} : Size{640, 480};
}

// The size with the median aspect ratio.
Size typical_size(const std::vector<Video>& videos, const std::vector<Chosen>& chosen) {
  std::vector<Size> sizes;
  for (const Chosen& one : chosen) sizes.push_back(size_of(videos[one.video].header, one.record));
  const auto middle = sizes.begin() + static_cast<std::ptrdiff_t>(sizes.size() / 2);
  std::ranges::nth_element(sizes, middle, {}, [](Size s) { return double(s.width) / s.height; });
  return *middle;
}

SheetLayout layout_of(const DrawConfig& config, Size frame, std::size_t count) {
  const SizeRule rule = *SizeRule::parse(config.size);
  if (config.size.empty()) {
    return sheet_layout(count, SizeRule{std::nullopt, kMaxUpscale}.of(frame), kUsualBounds);
  }
  return sheet_layout(count, rule.of(frame), rule.bounds.value_or(Size{INT16_MAX, INT16_MAX}));
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
  const int longest =
      std::min(std::max(bounds.width, bounds.height),
               std::max(layout.columns * largest_tile.width, layout.rows * largest_tile.height));
  layout.gap = std::max(2, static_cast<int>(kGap * longest));
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

DrawResult draw_sheet(const DrawConfig& config, io::RecordStream& records) {
  std::vector<Video> videos;
  std::vector<Chosen> all;
  std::vector<int> people;
  while (auto header = records.next_video()) {
    videos.push_back({std::move(*header), records.place()});
    while (auto record = records.next_frame()) {
      const auto drawn = [&](double score) { return score >= config.style.min_score; };
      people.push_back(
          static_cast<int>(std::ranges::count_if(record->instances, drawn, &io::Instance::score)));
      all.push_back({videos.size() - 1, std::move(*record)});
    }
  }
  if (config.stopped()) return {};
  std::vector<Chosen> chosen;
  for (const std::size_t i : choose_frames(people, static_cast<std::size_t>(config.sheet_frames))) {
    chosen.push_back(std::move(all[i]));
  }
  all.clear();
  if (chosen.empty()) fail("{}: the records contain no frames", config.output);
  std::unique_ptr<FrameTasks> tasks;
  const auto open = [&](std::size_t video) {
    const auto& [header, place] = videos[video];
    tasks = std::make_unique<FrameTasks>(
        config.video.empty() ? io::video_path(header, config.root, place) : config.video, header,
        video::VideoReaderOptions{config.threads, [&] { return records.stopped(); }});
  };
  std::size_t next = 0, opened = chosen.front().video;
  open(opened);
  if (config.stopped()) return {};
  const SheetLayout layout =
      layout_of(config, tasks->displayed(typical_size(videos, chosen)), chosen.size());

  DrawResult result;
  result.videos = static_cast<std::int64_t>(videos.size());
  result.complete = !records.truncated();
  const auto read = [&]() -> std::unique_ptr<FrameTask> {
    for (; next < chosen.size() && !config.stopped(); ++next) {
      Chosen& one = chosen[next];
      if (opened != one.video) open(opened = one.video);
      const std::int64_t index = one.record.frame;
      auto task = tasks->task(std::move(one.record));
      if (task) {
        ++next;
        return task;
      }
      if (!config.stopped()) log_warning("{}: no frame {}", tasks->name(), index);
    }
    return nullptr;
  };
  const SizeRule in_tile{layout.tile, 1};
  std::vector<Frame> tiles;
  parallel::run_ordered(
      read,
      [&](FrameTask& task) {
        const Size size = task.frame->missing ? layout.tile : in_tile.of(task.displayed);
        draw_task(task, size, config.style).store(task.drawing);
        task.frame = nullptr;
      },
      [&](FrameTask& task) {
        tiles.push_back(std::move(task.drawing));
        config.drawn();
      },
      {.threads = config.threads,
       .tokens = 2 * static_cast<std::size_t>(config.threads),
       .cancel = [&] { records.cancel(); }});
  if (config.stopped()) return result;
  if (tiles.empty()) fail("{}: the videos have none of the chosen frames", config.output);
  result.frames = static_cast<std::int64_t>(tiles.size());
  const std::string partial =
      write_canvas(make_sheet(tiles, layout), config.output, config.force, result.complete);
  if (!partial.empty()) result.partial.push_back(partial);
  return result;
}

}  // namespace vremd::draw
