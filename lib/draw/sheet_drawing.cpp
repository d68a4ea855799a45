// SPDX-License-Identifier: Apache-2.0
#include "draw/drawing.h"

#include "core/error.h"
#include "core/log.h"
#include "draw/frame_tasks.h"
#include "draw/sheet.h"
#include "io/records.h"
#include "parallel/ordered_pipeline.h"
#include "video/writer.h"

#include <algorithm>
#include <cmath>

namespace vremd::draw {
namespace {

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
  std::nth_element(sizes.begin(), middle, sizes.end(), [](Size a, Size b) {
    return static_cast<double>(a.width) / a.height < static_cast<double>(b.width) / b.height;
  });
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

std::string write_canvas(const Canvas& canvas, const std::string& path, bool force, bool complete) {
  io::OutputFile out(path, force);
  if (path == "-") {
    canvas.write_png(out);
  } else {
    Frame frame;
    canvas.store(frame);
    out.write(video::encode_picture(path, frame));
  }
  if (!complete) return out.keep_partial();
  out.commit();
  return "";
}

DrawResult draw_sheet(const DrawConfig& config, io::RecordStream& records) {
  std::vector<Video> videos;
  std::vector<Chosen> all;
  std::vector<int> people;
  while (auto header = records.next_video()) {
    videos.push_back({std::move(*header), records.place()});
    while (auto record = records.next_frame()) {
      people.push_back(static_cast<int>(std::count_if(
          record->instances.begin(), record->instances.end(),
          [&](const io::Instance& one) { return one.score >= config.style.min_score; })));
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
  const SheetLayout layout = layout_of(config, typical_size(videos, chosen), chosen.size());

  DrawResult result;
  result.videos = static_cast<std::int64_t>(videos.size());
  result.complete = !records.truncated();
  std::unique_ptr<FrameTasks> tasks;
  std::size_t next = 0, opened = videos.size();
  const auto read = [&]() -> std::unique_ptr<FrameTask> {
    for (; next < chosen.size() && !config.stopped(); ++next) {
      Chosen& one = chosen[next];
      if (opened != one.video) {
        opened = one.video;
        const auto& [header, place] = videos[opened];
        tasks = std::make_unique<FrameTasks>(
            config.video.empty() ? io::video_path(header, config.root, place) : config.video,
            header, video::VideoReaderOptions{config.threads, [&] { return records.stopped(); }});
      }
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
        const Frame& frame = *task.frame;
        const Size size = frame.missing ? layout.tile : in_tile.of({frame.width, frame.height});
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
