// SPDX-License-Identifier: Apache-2.0
#include "report/stills.h"

#include "draw/frame_tasks.h"
#include "draw/sheet.h"
#include "io/mapped_file.h"
#include "io/output_file.h"
#include "video/writer.h"

#include <algorithm>
#include <filesystem>

namespace vremd::report {
namespace {

namespace fs = std::filesystem;

constexpr draw::Size kLargest{640, 480};
constexpr std::size_t kNameDigits = 16;
constexpr const char* kExtension = ".jpg";

bool is_name_of_still(const fs::path& name) {
  const std::string stem = name.stem();
  return name.extension() == kExtension && stem.size() == kNameDigits &&
         stem.find_first_not_of("0123456789abcdef") == stem.npos;
}

}  // namespace

void EvenFrames::add(const io::FrameRecord& frame) {
  if (count_ == 0 || frame.damage == io::Damage::kMissing) return;
  if (added_++ % stride_ != 0) return;
  if (kept_.size() == 2 * count_) {
    for (std::size_t i = 0; 2 * i < kept_.size(); ++i) kept_[i] = kept_[2 * i];
    kept_.resize(count_);
    stride_ *= 2;
  }
  kept_.push_back(std::make_shared<const io::FrameRecord>(frame));
}

std::vector<RecordPointer> EvenFrames::take() const {
  std::vector<int> people;
  for (const RecordPointer& one : kept_) people.push_back(static_cast<int>(one->instances.size()));
  std::vector<RecordPointer> chosen;
  for (const std::size_t i : draw::choose_frames(people, count_)) chosen.push_back(kept_[i]);
  return chosen;
}

std::map<std::int64_t, std::string> StillFolder::draw(
    const draw::DrawConfig& config, const io::Header& header, const std::string& place,
    const std::map<std::int64_t, RecordPointer>& records) {
  std::map<std::int64_t, std::string> files;
  if (records.empty()) return files;
  const std::string video =
      config.video.empty() ? io::video_path(header, config.root, place) : config.video;
  draw::FrameTasks tasks(video, header, {config.threads, config.stopped});
  io::make_folder(folder_);
  for (const auto& [index, record] : records) {
    const auto task = tasks.task(*record);
    if (config.stopped()) break;
    if (!task) continue;
    const Frame& frame = *task->frame;
    draw::Size size = kLargest;
    if (!frame.missing) size = draw::SizeRule{kLargest, 1}.of({frame.width, frame.height});
    draw::draw_task(*task, size, config.style).store(task->drawing);
    const std::string bytes =
        video::encode_picture(std::string("still") + kExtension, task->drawing);
    const std::string name =
        io::sha256(std::as_bytes(std::span(bytes))).substr(0, kNameDigits) + kExtension;
    if (names_.insert(name).second) io::write_file(fs::path(folder_) / name, bytes, true);
    files[index] = name;
    config.drawn();
  }
  return files;
}

void StillFolder::remove_others() const {
  std::error_code error;
  for (fs::directory_iterator entry(folder_, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    const fs::path name = entry->path().filename();
    std::error_code ignored;
    if (is_name_of_still(name) && !names_.contains(name)) fs::remove(entry->path(), ignored);
  }
  io::discard_partial_files_in(folder_, kExtension);
}

}  // namespace vremd::report
