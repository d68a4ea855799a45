// SPDX-License-Identifier: Apache-2.0
#include "data/frame_store.h"

#include "core/log.h"
#include "video/reader.h"

namespace vremd::data {

std::shared_ptr<FrameStore::Entry> FrameStore::entry(const std::string& path) {
  const std::lock_guard lock(mutex_);
  auto& slot = entries_[path];
  if (slot) {
    uses_.splice(uses_.begin(), uses_, slot->use);
  } else {
    slot = std::make_shared<Entry>();
    slot->use = uses_.insert(uses_.begin(), path);
  }
  return slot;
}

void FrameStore::count(const std::string& path, Entry& entry) {
  double bytes = 0;
  for (const FramePtr& frame : entry.frames) {
    if (frame) bytes += static_cast<double>(frame->rgb.size());
  }
  if (bytes > most_bytes_) {
    log_warning(
        "{}: {:.0f} MiB of decoded frames, more than train.frame_mib: cut long videos into "
        "clips",
        path, bytes / (1 << 20));
  }
  const std::lock_guard lock(mutex_);
  entry.bytes = bytes;
  const auto own = entries_.find(path);
  if (own == entries_.end() || own->second.get() != &entry) return;  // evicted meanwhile
  bytes_ += entry.bytes;
  while (bytes_ > most_bytes_ && uses_.size() > 1) {
    const auto oldest = entries_.find(uses_.back());
    bytes_ -= oldest->second->bytes;
    entries_.erase(oldest);
    uses_.pop_back();
  }
}

FramePtr FrameStore::picture(const std::string& path) {
  const auto one = entry(path);
  std::call_once(one->once, [&] {
    one->frames = {video::read_picture(path)};
    count(path, *one);
    const std::lock_guard lock(mutex_);
    if (one->frames.front()->damaged && damaged_.insert(path).second) {
      log_warning("{}: damaged: what can be decoded of it is used", path);
    }
  });
  return one->frames.front();
}

std::shared_ptr<FrameStore::Entry> FrameStore::clip(const std::string& path) {
  auto one = entry(path);
  std::call_once(one->once, [&] {
    video::VideoReader reader(path);
    const std::set<std::int64_t>& needed = needed_.at(path);
    std::vector<FramePtr> frames;
    for (std::int64_t index = 0; index <= *needed.rbegin(); ++index) {
      FramePtr frame = reader.next();
      if (!frame) break;
      frames.push_back(needed.contains(index) ? std::move(frame) : nullptr);
    }
    one->frames = std::move(frames);
    count(path, *one);
  });
  return one;
}

FramePtr FrameStore::video_frame(const std::string& path, std::int64_t index) {
  const auto one = clip(path);
  const bool inside = index >= 0 && index < static_cast<std::int64_t>(one->frames.size());
  return inside ? one->frames[index] : nullptr;
}

std::int64_t FrameStore::video_length(const std::string& path) {
  return static_cast<std::int64_t>(clip(path)->frames.size());
}

}  // namespace vremd::data
