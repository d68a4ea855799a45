// SPDX-License-Identifier: Apache-2.0
#include "draw/frame_tasks.h"

#include "core/log.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

namespace vremd::draw {
namespace {

// Width by height of a pixel; 1 if the video's makes no sense.
double pixel_aspect_of(const video::VideoInfo& info) {
  constexpr double kMost = 8;
  const auto [width, height] = info.pixel_aspect;
  const double aspect = static_cast<double>(width) / height;
  return aspect <= kMost && aspect >= 1 / kMost ? aspect : 1;
}

}  // namespace

FrameTasks::FrameTasks(std::string video, io::Header header, video::VideoReaderOptions options)
    : video_(std::move(video)),
      header_(std::make_shared<io::Header>(std::move(header))),
      reader_(video_, std::move(options)),
      still_(video::is_picture(video_)),
      pixel_aspect_(pixel_aspect_of(reader_.info())) {
  const video::VideoInfo& info = reader_.info();
  if (header_->width > 0 && header_->height > 0 &&
      (info.width != header_->width || info.height != header_->height)) {
    log_warning("{}: {} x {} pixels, but {} x {} in the records: scaled", video_, info.width,
                info.height, header_->width, header_->height);
  }
}

std::unique_ptr<FrameTask> FrameTasks::task(io::FrameRecord record) {
  next_frame_ = record.frame + 1;
  while (!at_end_ && (!frame_ || frame_->index < record.frame)) {
    if (frame_) ++without_record_;
    frame_ = reader_.next();
    at_end_ = !frame_;
  }
  if (!frame_ || frame_->index != record.frame) {
    ++without_frame_;
    return nullptr;
  }
  auto task = std::make_unique<FrameTask>();
  task->frame = std::move(frame_);
  task->record = std::move(record);
  task->header = header_;
  task->colours = colours_.next(task->record);
  task->pixel_aspect = pixel_aspect_;
  task->displayed = displayed({task->frame->width, task->frame->height});
  task->label =
      still_ ? std::filesystem::path(video_).filename().string() : frame_label(*task->frame);
  if (task->record.cut) task->label += "   cut";
  return task;
}

Size FrameTasks::displayed(Size frame) const {
  return {static_cast<int>(std::lround(frame.width * std::max(pixel_aspect_, 1.0))),
          static_cast<int>(std::lround(frame.height * std::max(1 / pixel_aspect_, 1.0)))};
}

void FrameTasks::warn_unmatched(bool of_part) {
  if (reader_.stopped()) return;
  if (without_frame_ > 0) {
    log_warning("{}: {} records have no frame in the video and were not drawn", video_,
                without_frame_);
  }
  if (of_part) return;
  if (frame_) ++without_record_;
  const bool goes_on = !at_end_ && (frame_ || reader_.next());
  if (without_record_ > 0) {
    log_warning("{}: {} frames have no record and were skipped", video_, without_record_);
  }
  if (goes_on) {
    log_warning("{}: the video continues after the last record, frame {}", video_, next_frame_ - 1);
  }
}

Canvas draw_task(const FrameTask& task, Size size, const OverlayStyle& style) {
  const io::Header& header = *task.header;
  const Frame& frame = *task.frame;
  if (frame.missing || frame.rgb.empty()) {
    Canvas canvas(size);
    draw_missing(canvas, task.label);
    return canvas;
  }
  const View view = View::fitting({frame.width, frame.height}, size, task.pixel_aspect);
  const bool as_it_is = size == Size{frame.width, frame.height} && task.pixel_aspect == 1;
  Canvas canvas = as_it_is ? Canvas(frame) : Canvas(size);
  if (!as_it_is) {
    canvas.picture(frame,
                   {view.left, view.top, view.scale_x * frame.width, view.scale_y * frame.height});
  }
  // The records may refer to the video at another size.
  auto [width, height] = task.record.size.value_or(std::pair{header.width, header.height});
  if (width <= 0 || height <= 0) width = frame.width, height = frame.height;
  const View inner = View::fitting({width, height}, {frame.width, frame.height});
  const View records{view.scale_x * inner.scale_x, view.scale_y * inner.scale_y,
                     view.left + view.scale_x * inner.left, view.top + view.scale_y * inner.top};
  draw_overlay(canvas, task.record, header.joints ? &*header.joints : nullptr, task.colours,
               records, style, task.label);
  return canvas;
}

}  // namespace vremd::draw
