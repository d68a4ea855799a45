// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/frame.h"

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace vremd::data {

// LRU cache of decoded frames. Pictures are read individually; a video file is decoded once,
// keeping the frames announced with will_need(). Thread-safe except will_need().
class FrameStore {
 public:
  explicit FrameStore(double most_mebibytes) : most_bytes_(most_mebibytes * (1 << 20)) {}

  FramePtr picture(const std::string& path);
  // Call for each required frame of a video before the first video_frame().
  void will_need(const std::string& path, std::int64_t index) { needed_[path].insert(index); }
  // Null if outside the video.
  FramePtr video_frame(const std::string& path, std::int64_t index);
  // Number of frames, at most up to the last required one.
  std::int64_t video_length(const std::string& path);

 private:
  struct Entry {
    std::once_flag once;
    std::vector<FramePtr> frames;  // a single picture, or a video's frames, null if not required
    double bytes = 0;
    std::list<std::string>::iterator use;
  };
  std::shared_ptr<Entry> entry(const std::string& path);
  std::shared_ptr<Entry> clip(const std::string& path);
  void count(const std::string& path, Entry& entry);  // after reading its frames

  double most_bytes_, bytes_ = 0;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Entry>> entries_;
  std::map<std::string, std::set<std::int64_t>> needed_;
  std::list<std::string> uses_;    // paths, most recently used first
  std::set<std::string> damaged_;  // pictures already reported
};

}  // namespace vremd::data
