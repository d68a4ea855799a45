// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/records.h"

#include <optional>
#include <string>

namespace vremd::pipeline {

// The output of a run that was stopped, for one with the same input that goes on with it. The two
// are read side by side, so nothing is kept in memory.
//
// Errors "FILE:LINE: what": records of another video, model, setting or version, or with other
// people than the input has. A last line that was cut in the middle is left out.
class DoneRecords {
 public:
  explicit DoneRecords(std::string path) : records_(std::move(path), {}, io::LastLine::kMayBeCut) {}

  void begin(const io::Header& header);  // `header`: as this run is about to write it
  std::optional<io::FrameRecord> take(
      const io::FrameRecord& input);  // nothing: it was not done yet
  void end();

 private:
  // The next record, which has to be a T. Nothing where the stopped run ended.
  template <typename T>
  std::optional<T> next(const char* what);

  io::RecordReader records_;
  bool over_ = false;
};

}  // namespace vremd::pipeline
