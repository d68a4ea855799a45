// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/records.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace vremd::io {

// How the run that wrote `old` differs from the run of `own`: "model", "setting (every)", ...; ""
// if their results agree. Only what `own` has is compared.
std::string difference(const Header& old, const Header& own);

// The first header of a file of records; nothing if it does not begin with one.
std::optional<Header> first_header(const std::string& path);

// Whether the last line of a file is an end record.
bool has_end(const std::string& path);

// How many videos a file of records has, up to their end records.
std::size_t ended_videos(const std::string& path);

// Whether `whole` contains everything in `part`, the output of a stopped run. Commands, devices and
// the counts of end records may differ; a truncated last line is ignored.
bool holds_all_of(const std::string& whole, const std::string& part);

// The output of a stopped run, for a run over the same input. Both are read in parallel, so nothing
// is kept in memory. A truncated last line is skipped.
class DoneRecords {
 public:
  struct Source {
    std::string path;         // "": none
    bool must_agree = false;  // otherwise it is used up to the first difference
  };
  using Same = std::function<bool(const FrameRecord& old, const FrameRecord& input)>;

  explicit DoneRecords(const Source& source);

  void begin(const Header& header);  // of a video, as it is to be written
  // The frame that has been done for this one; nothing if it has not.
  std::optional<FrameRecord> take(const FrameRecord& input, const Same& same);
  void end();  // of a video

  std::int64_t taken() const { return taken_; }

 private:
  template <typename T>
  std::optional<T> next(const char* what);
  void differs(const std::string& how);  // Error "FILE:LINE: how" if they have to agree
  template <typename Read>
  auto reading(const Read& read) -> decltype(read());

  std::optional<RecordReader> records_;  // nothing: exhausted, or no longer used
  bool must_agree_;
  std::int64_t taken_ = 0;
};

}  // namespace vremd::io
