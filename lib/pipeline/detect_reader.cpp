// SPDX-License-Identifier: Apache-2.0
#include "pipeline/detect_reader.h"

#include "core/error.h"
#include "core/log.h"
#include "io/records.h"
#include "video/picture_names.h"

#include <filesystem>
#include <utility>

namespace vremd::pipeline {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> pictures_of(const std::string& path) {
  if (video::is_wildcard(path) && !fs::exists(path)) return video::pictures_of_wildcard(path);
  if (video::is_number_pattern(path) && !fs::exists(path))
    return video::pictures_of_number_pattern(path);
  if (fs::is_directory(path)) return video::pictures_in_folder(path);
  return {path};
}

}  // namespace

DetectReader::DetectReader(const DetectInput& input, io::Header header)
    : input_(input), header_(std::move(header)) {
  for (const std::string& video : input_.videos) {
    if (!input_.stills) {
      videos_.push_back(video);
      continue;
    }
    const std::string path = io::join_root(input_.root, video);
    const auto pictures = pictures_of(path);
    for (const std::string& picture : pictures) {
      // named as given: the root stays out of the records
      const bool itself = picture == path;
      videos_.push_back(itself || input_.root.empty() || fs::path(video).is_absolute()
                            ? (itself ? video : picture)
                            : fs::path(picture).lexically_relative(input_.root).string());
    }
  }
}

// Opens the next video that can be read. False: no more.
bool DetectReader::open(DetectTask& task) {
  while (next_video_ < videos_.size() && !stopped()) {
    const std::string& name = videos_[next_video_++];
    try {
      const std::string path = io::join_root(input_.root, name);
      if (input_.stills && name != "-" && fs::is_regular_file(path) && !video::is_picture(path)) {
        fail("{}: not a picture", path);
      }
      video::VideoReaderOptions options;
      options.stopped = [this] { return stopped(); };
      reader_ = std::make_unique<video::VideoReader>(path, std::move(options));
    } catch (const Error& error) {
      if (stopped()) return false;
      ++counts_.failed;
      if (input_.fail_fast) throw;
      log_error("{}", error.what());
      continue;
    }
    ++counts_.videos;
    const video::VideoInfo& info = reader_->info();
    task.header = header_;
    task.header->video = name;
    task.header->width = info.width;
    task.header->height = info.height;
    task.header->fps = info.fps;
    task.header->time_base = info.time_base;
    task.header->frames_expected = info.frames_expected;
    next_keyframe_ = input_.first_frame;
    keyframe_width_ = keyframe_height_ = 0;
    return true;
  }
  return false;
}

// A change of size makes a keyframe; one without pixels leaves its turn to the next frame.
bool DetectReader::is_keyframe(const Frame& frame) {
  if (frame.missing) return false;
  const bool same_size = frame.width == keyframe_width_ && frame.height == keyframe_height_;
  if (frame.index < next_keyframe_ && same_size) return false;
  while (next_keyframe_ <= frame.index) next_keyframe_ += input_.every;
  keyframe_width_ = frame.width;
  keyframe_height_ = frame.height;
  return true;
}

std::unique_ptr<DetectTask> DetectReader::next() {
  auto task = std::make_unique<DetectTask>();
  while (!stopped()) {
    if (!reader_ && !open(*task)) break;
    FramePtr frame = reader_->next();
    if (stopped()) break;  // then the lack of a frame does not mean the video's end
    if (!frame || frame->index >= input_.last_frame) {
      reader_.reset();
      if (!task->header) {
        ends_video_ = true;
        continue;
      }
      // a video without a frame in the range: its header and end go alone
      task->ends_video = std::exchange(ends_video_, true);
      return task;
    }
    if (frame->index < input_.first_frame) continue;
    task->ends_video = std::exchange(ends_video_, false);
    task->keyframe = is_keyframe(*frame);
    task->frame = std::move(frame);
    return task;
  }
  if (stopped() || !ends_video_) return nullptr;
  task->ends_video = std::exchange(ends_video_, false);
  return task;
}

}  // namespace vremd::pipeline
