// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/records.h"

#include <optional>
#include <string>

namespace vremd {

// The output of a run that was stopped, for one with the same input that goes on with it. The two
// are read side by side, so nothing is kept in memory.
//
// Errors "FILE:LINE: what": records of another video, model, setting or version, or with other
// people than the input has. A last line that was cut in the middle is left out.
class DoneRecords {
 public:
  explicit DoneRecords(std::string path) : records_(std::move(path), {}, LastLine::kMayBeCut) {}

  void begin(const Header& header);  // `header`: as this run is about to write it
  std::optional<FrameRecord> take(const FrameRecord& input);  // nothing: it was not done yet
  void end();

 private:
  // The next record, which has to be a T. Nothing where the stopped run ended.
  template <typename T>
  std::optional<T> next(const char* what);

  RecordReader records_;
  bool over_ = false;
};

}  // namespace vremd
