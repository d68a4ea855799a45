// SPDX-License-Identifier: Apache-2.0
#include "draw/sheet_drawing.h"

#include "core/error.h"
#include "core/log.h"
#include "draw/draw_pipeline.h"
#include "draw/sheet.h"
#include "video/writer.h"

#include <algorithm>
#include <cmath>

namespace vremd {
namespace {

constexpr Size kUsualBounds{1920, 1440};
constexpr double kMostEnlarged = 2;  // of a frame, unless --size says so

// One record of one of the videos.
struct Chosen {
  std::size_t video;
  FrameRecord record;
};

Size size_of(const Header& header, const FrameRecord& record) {
  const auto [width, height] = record.size.value_or(std::pair{header.width, header.height});
  return width > 0 && height > 0 ? Size{width, height} : Size{640, 480};
}

// The frame of the middle aspect stands for all.
Size typical_size(const std::vector<Header>& headers, const std::vector<Chosen>& chosen) {
  std::vector<Size> sizes;
  for (const Chosen& one : chosen) sizes.push_back(size_of(headers[one.video], one.record));
  const auto middle = sizes.begin() + static_cast<std::ptrdiff_t>(sizes.size() / 2);
  std::nth_element(sizes.begin(), middle, sizes.end(), [](Size a, Size b) {
    return static_cast<double>(a.width) / a.height < static_cast<double>(b.width) / b.height;
  });
  return *middle;
}

SheetLayout layout_of(const DrawConfig& config, Size frame, std::size_t count) {
  const SizeRule rule = *SizeRule::parse(config.size);
  if (config.size.empty()) {
    return sheet_layout(count, SizeRule{std::nullopt, kMostEnlarged}.of(frame), kUsualBounds);
  }
  if (!rule.bounds) return sheet_layout(count, rule.of(frame), Size{INT16_MAX, INT16_MAX});
  return sheet_layout(count, rule.of(frame), *rule.bounds);
}

}  // namespace

void write_canvas(const Canvas& canvas, const std::string& path, bool force) {
  if (path == "-") {
    OutputFile out("-");
    canvas.write_png(out);
    out.commit();
    return;
  }
  Frame frame;
  canvas.store(frame);
  write_picture(path, frame, force);
}

DrawResult draw_sheet(const DrawConfig& config, RecordStream& records) {
  std::vector<Header> headers;
  std::vector<Chosen> all;
  std::vector<int> people;
  while (auto header = records.next_video()) {
    headers.push_back(std::move(*header));
    while (auto record = records.next_frame()) {
      people.push_back(static_cast<int>(std::count_if(
          record->instances.begin(), record->instances.end(),
          [&](const Instance& one) { return one.score >= config.style.min_score; })));
      all.push_back({headers.size() - 1, std::move(*record)});
    }
  }
  if (config.stopped()) return {};
  std::vector<Chosen> chosen;
  for (const std::size_t i : choose_frames(people, static_cast<std::size_t>(config.sheet_frames))) {
    chosen.push_back(std::move(all[i]));
  }
  all.clear();
  if (chosen.empty()) fail("{}: the records hold no frame", config.output);
  const SheetLayout layout = layout_of(config, typical_size(headers, chosen), chosen.size());

  DrawResult result;
  result.videos = static_cast<std::int64_t>(headers.size());
  result.complete = !records.cut();
  std::unique_ptr<FrameTasks> tasks;
  std::size_t next = 0, opened = headers.size();
  const auto read = [&]() -> std::optional<FrameTask> {
    for (; next < chosen.size() && !config.stopped(); ++next) {
      Chosen& one = chosen[next];
      if (opened != one.video) {
        opened = one.video;
        const Header& header = headers[opened];
        tasks = std::make_unique<FrameTasks>(
            video_path(header, config.video, config.root), header,
            VideoReaderOptions{config.threads, config.stopped});
      }
      const std::int64_t index = one.record.frame;
      auto task = tasks->task(std::move(one.record));
      if (task) {
        ++next;
        return task;
      }
      if (!config.stopped()) log_warning("{}: has no frame {}", tasks->name(), index);
    }
    return std::nullopt;
  };
  const SizeRule in_tile{layout.tile, 1};
  std::vector<Frame> tiles;
  draw_pipeline(
      config.threads, read,
      [&](const FrameTask& task) {
        const Frame& frame = *task.frame;
        const Size size = frame.missing ? layout.tile
                                        : in_tile.of({frame.width, frame.height});
        Frame tile;
        draw_task(task, size, config.style).store(tile);
        return tile;
      },
      [&](const Frame& tile) {
        tiles.push_back(tile);
        config.drawn();
      });
  if (config.stopped()) return result;
  if (tiles.empty()) fail("{}: none of the chosen frames is in its video", config.output);
  result.frames = static_cast<std::int64_t>(tiles.size());
  write_canvas(make_sheet(tiles, layout), config.output, config.force);
  return result;
}

}  // namespace vremd
