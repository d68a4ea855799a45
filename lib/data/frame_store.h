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

// Decoded frames, the last used ones kept: pictures are read one by one, of a video file all the
// frames that will be asked for. Thread-safe, but for will_need().
class FrameStore {
 public:
  explicit FrameStore(double most_mebibytes) : most_bytes_(most_mebibytes * (1 << 20)) {}

  FramePtr picture(const std::string& path);
  // For each frame of a video that will be asked for, before the first one is.
  void will_need(const std::string& path, std::int64_t index) { needed_[path].insert(index); }
  // Null: before or past the video's ends.
  FramePtr video_frame(const std::string& path, std::int64_t index);
  // Frames; where the video goes on behind the last one that is needed, up to that one.
  std::int64_t video_length(const std::string& path);

 private:
  struct Entry {
    std::once_flag once;
    std::vector<FramePtr> frames;  // one: a picture; of a video: null where not needed
    double bytes = 0;
    std::list<std::string>::iterator use;
  };
  std::shared_ptr<Entry> entry(const std::string& path);
  std::shared_ptr<Entry> clip(const std::string& path);
  void count(const std::string& path, Entry& entry);  // its frames are there now

  double most_bytes_, bytes_ = 0;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Entry>> entries_;
  std::map<std::string, std::set<std::int64_t>> needed_;
  std::list<std::string> uses_;    // paths, the last used one first
  std::set<std::string> damaged_;  // pictures that the user was told of
};

}  // namespace vremd::data
