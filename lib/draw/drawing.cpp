// SPDX-License-Identifier: Apache-2.0
#include "draw/drawing.h"

#include "core/error.h"
#include "core/log.h"
#include "core/picture_names.h"
#include "draw/frame_tasks.h"
#include "io/output_file.h"
#include "parallel/ordered_pipeline.h"
#include "video/writer.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>

namespace vremd::draw {
namespace {

namespace fs = std::filesystem;

constexpr double kShortestFrame = 1e-3;  // seconds
constexpr double kMaxScale = 16;
constexpr const char* kPictureEnding = ".png";  // in a folder
constexpr int kMinSide = 16, kMaxSide = 32767;  // Cairo's and most codecs' limit

Size scaled(Size frame, double scale) {
  const auto side = [&](int pixels) {
    return std::clamp(static_cast<int>(std::lround(pixels * scale)), 1, kMaxSide);
  };
  return {side(frame.width), side(frame.height)};
}

// Paths in a folder, each given only once: a second "a.png" becomes "a-2.png".
class UniquePaths {
 public:
  explicit UniquePaths(std::string folder) : folder_(std::move(folder)) {}

  std::string next(const std::string& stem, const std::string& ending) {
    std::string name = stem + ending;
    for (int n = 2; !given_.insert(name).second; ++n) {
      name = fmt::format("{}-{}{}", stem, n, ending);
    }
    return (fs::path(folder_) / name).string();
  }

 private:
  std::string folder_;
  std::set<std::string> given_;
};

std::string name_for_output(const std::string& video) {
  fs::path path(video);
  // A pattern of pictures ("shot/%06d.jpg") is named after its folder.
  const bool pattern = path.filename().string().find_first_of("%*?") != std::string::npos;
  if (pattern || !path.has_filename()) path = path.parent_path();
  const std::string name = video_name(path.string());
  return name.empty() ? "video" : name;
}

void refuse_own_video(const std::string& output, const std::string& video) {
  std::error_code ignored;
  if (fs::equivalent(output, video, ignored)) fail("{}: is the video itself", output);
}

// Draws the current video of the records.
class VideoDrawing {
 public:
  VideoDrawing(const DrawConfig& config, io::RecordStream& records, FrameTasks& tasks)
      : config_(config), rule_(*SizeRule::parse(config.size)), records_(records), tasks_(tasks) {}

  void to_video(const std::string& path) {
    video::VideoWriterOptions options;
    const Size size = rule_.of({tasks_.info().width, tasks_.info().height});
    options.width = size.width;
    options.height = size.height;
    options.pixel_aspect = tasks_.info().pixel_aspect;
    const auto fps = tasks_.info().fps;
    if (fps) options.fps = {static_cast<int>(fps->first), static_cast<int>(fps->second)};
    options.codecs = {"libx264", "mpeg4", "libvpx-vp9", "libvpx"};
    options.threads = config_.threads;
    options.force = config_.force;
    video::VideoWriter writer(path, options);
    const bool counts_frames = fs::path(path).extension() == ".avi";  // no timestamps
    std::optional<double> start;
    double time = 0;
    const auto draw_as_stored = [&](FrameTask& task) {
      task.pixel_aspect = 1;  // the video has that of its source
      draw(task, size);
    };
    run(draw_as_stored, [&](const Frame& frame) {
      if (counts_frames) return writer.write(frame);
      // The times of damaged videos may not increase.
      time = start ? std::max(time + kShortestFrame, frame.time - *start) : 0;
      if (!start) start = frame.time;
      writer.write(frame, time);
    });
    check_last_video(path);
    if (records_.end() && !config_.stopped()) {
      writer.close();
    } else {
      partial_ = writer.keep_partial();
    }
  }

  // One file per frame, written by the drawing threads.
  void to_pictures(UniquePaths& paths, const std::string& still_stem) {
    io::discard_partial_files_in(config_.output, kPictureEnding);
    run(
        [&](FrameTask& task) {
          draw(task, rule_.of(task.displayed));
          video::write_picture(task.path, task.drawing, config_.force);
          task.drawing.rgb.clear();
        },
        [](const Frame&) {},
        [&](FrameTask& task) {
          const std::string& file = task.frame->file;
          std::string stem = still_stem;
          if (stem.empty() && !file.empty()) stem = fs::path(file).stem().string();
          if (stem.empty()) stem = fmt::format("{:06}", task.frame->index);
          task.path = paths.next(stem, kPictureEnding);
        });
  }

  void to_picture(const std::string& path) {
    std::optional<Canvas> picture;
    run(
        [&](const FrameTask& task) {
          picture = draw_task(task, rule_.of(task.displayed), config_.style);
        },
        [](const Frame&) {},
        [&, count = 0](const FrameTask&) mutable {
          if (++count > 1) {
            fail("{}: a single picture, but several frames; use --sheet, or a directory for -o",
                 path);
          }
        });
    if (config_.stopped() || !picture) return;
    check_last_video(path);
    partial_ = write_canvas(*picture, path, config_.force, records_.end().has_value());
  }

  std::int64_t frames() const { return frames_; }
  const std::string& partial() const { return partial_; }  // "": the drawing is complete

 private:
  // Called before a single output file gets its final name.
  void check_last_video(const std::string& path) {
    if (config_.stopped() || output_kind(config_.output) == OutputKind::kFolder) return;
    if (!records_.another_follows()) return;
    fail("{}: a single file, but the records contain several videos; use a directory for -o", path);
  }

  void draw(FrameTask& task, Size size) const {
    task.drawing.index = task.frame->index;
    task.drawing.time = task.frame->time;
    draw_task(task, size, config_.style).store(task.drawing);
  }

  void run(
      const std::function<void(FrameTask&)>& draw, const std::function<void(const Frame&)>& write,
      const std::function<void(FrameTask&)>& announce = [](FrameTask&) {}) {
    const auto read = [&]() -> std::unique_ptr<FrameTask> {
      while (auto record = records_.next_frame()) {
        auto task = tasks_.task(std::move(*record));
        if (!task) continue;
        announce(*task);
        return task;
      }
      return nullptr;
    };
    const auto draw_and_release = [&](FrameTask& task) {
      draw(task);
      task.frame = nullptr;
    };
    const auto write_and_count = [&](const FrameTask& task) {
      write(task.drawing);
      ++frames_;
      config_.drawn();
    };
    parallel::run_ordered(read, draw_and_release, write_and_count,
                          {.threads = config_.threads,
                           .tokens = 2 * static_cast<std::size_t>(config_.threads),
                           .cancel = [&] { records_.cancel(); }});
    if (config_.stopped()) return;
    tasks_.warn_unmatched(!config_.range.is_whole());
    if (frames_ == 0) {
      fail("{}: no frame{} has a record", tasks_.name(),
           config_.range.is_whole() ? "" : " in the range asked for");
    }
  }

  const DrawConfig& config_;
  SizeRule rule_;
  io::RecordStream& records_;
  FrameTasks& tasks_;
  std::int64_t frames_ = 0;
  std::string partial_;
};

}  // namespace

OutputKind output_kind(const std::string& output) {
  if (output == "-") return OutputKind::kPicture;
  const fs::path path(output);
  std::error_code ignored;
  if (!path.has_filename() || !path.has_extension() || fs::is_directory(path, ignored)) {
    return OutputKind::kFolder;
  }
  const std::string ending = lower_extension(output);
  const bool picture = ending == ".png" || ending == ".jpg" || ending == ".jpeg";
  return picture ? OutputKind::kPicture : OutputKind::kVideo;
}

std::optional<SizeRule> SizeRule::parse(const std::string& text) {
  if (text.empty()) return SizeRule{};
  const std::size_t by = text.find('x');
  if (by == std::string::npos) {
    const auto scale = number_from<double>(text);
    if (!scale || !(*scale > 0 && *scale <= kMaxScale)) return std::nullopt;
    return SizeRule{std::nullopt, *scale};
  }
  const auto width = number_from<int>(std::string_view(text).substr(0, by));
  const auto height = number_from<int>(std::string_view(text).substr(by + 1));
  if (!width || !height || std::min(*width, *height) < kMinSide ||
      std::max(*width, *height) > kMaxSide) {
    return std::nullopt;
  }
  return SizeRule{Size{*width, *height}, 1};
}

Size SizeRule::of(Size frame) const {
  if (!bounds) return scale == 1 ? frame : scaled(frame, scale);
  return scaled(frame, std::min(static_cast<double>(bounds->width) / frame.width,
                                static_cast<double>(bounds->height) / frame.height));
}

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

DrawResult draw_records(const DrawConfig& config) {
  const OutputKind kind = output_kind(config.output);
  if (kind == OutputKind::kPicture) io::check_output(config.output, config.force);
  io::RecordStream records(config.inputs, config.stopped);
  records.select(config.range);
  if (config.sheet) return draw_sheet(config, records);

  DrawResult result;
  UniquePaths paths(config.output);
  bool several = false;
  while (auto header = records.next_video()) {
    const std::string place = records.place();
    ++result.videos;
    if (kind == OutputKind::kFolder && result.videos == 1) several = records.another_follows();
    if (config.stopped()) break;
    try {
      const std::string video =
          config.video.empty() ? io::video_path(*header, config.root, place) : config.video;
      FrameTasks tasks(video, *header, {config.threads, [&] { return records.stopped(); }});
      VideoDrawing drawing(config, records, tasks);
      if (kind == OutputKind::kFolder) io::make_folder(config.output);
      const bool still = video::is_picture(video);
      if (kind == OutputKind::kPicture) {
        refuse_own_video(config.output, video);
        drawing.to_picture(config.output);
      } else if (kind == OutputKind::kVideo || (several && !still)) {
        const std::string path =
            kind == OutputKind::kVideo ? config.output : paths.next(name_for_output(video), ".mp4");
        refuse_own_video(path, video);
        drawing.to_video(path);
      } else {
        drawing.to_pictures(paths, still ? name_for_output(video) : "");
      }
      result.frames += drawing.frames();
      if (!drawing.partial().empty()) result.partial.push_back(drawing.partial());
    } catch (const Error& error) {
      if (!several) throw;
      log_error("{}", error.what());
      result.complete = false;
      records.resume();
    }
    if (config.stopped()) break;
  }
  if (records.truncated()) result.complete = false;
  return result;
}

}  // namespace vremd::draw
