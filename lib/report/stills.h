// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "draw/drawing.h"
#include "report/moments.h"

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace vremd::report {

using RecordPointer = std::shared_ptr<const io::FrameRecord>;

// Some evenly spaced frames of a video of unknown length.
class EvenFrames {
 public:
  explicit EvenFrames(int count) : count_(static_cast<std::size_t>(count)) {}

  void add(const io::FrameRecord& frame);
  std::vector<RecordPointer> take() const;  // those with people first of all; in order

 private:
  std::size_t count_;
  std::int64_t stride_ = 1, added_ = 0;
  std::vector<RecordPointer> kept_;  // every stride_-th: at most twice as many as needed
};

// JPEG files in a folder, each named after its content.
class StillFolder {
 public:
  explicit StillFolder(std::string folder) : folder_(std::move(folder)) {}

  // Draws frames of one video, in order of their number. Gives their file names; a frame that the
  // video lacks has none. Errors as those of draw_records().
  std::map<std::int64_t, std::string> draw(const draw::DrawConfig& config, const io::Header& header,
                                           const std::string& place,
                                           const std::map<std::int64_t, RecordPointer>& records);

  void remove_others() const;  // files of earlier reports

 private:
  std::string folder_;
  std::set<std::string> names_;
};

}  // namespace vremd::report
