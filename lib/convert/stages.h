// SPDX-License-Identifier: Apache-2.0
#pragma once

// Stages between a reader and a writer.

#include "convert/format.h"
#include "core/error.h"
#include "core/frame_range.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace vremd::convert {

// Passes on everything that it does not override.
class Stage : public RecordSink {
 public:
  explicit Stage(RecordSink& next) : next_(next) {}
  void begin(const io::Header& header) override { next_.begin(header); }
  void frame(io::FrameRecord frame) override { next_.frame(std::move(frame)); }
  void end(const Json& extra) override { next_.end(extra); }
  void cut() override { next_.cut(); }
  void finish() override { next_.finish(); }

 protected:
  RecordSink& next_;
};

// --images: `path` is a file of any format, or a folder of JSON files. Its videos and frames go to
// `next` in their order, with their names, numbers, ids and sizes, and with the people of the
// input; frames without people in the input are empty. A frame of the input is matched by its
// image_id, else by its picture's name or its number in the sequence with its video's name (in the
// only sequence, if the file has one).
//
// Errors: a frame of the input that the file lacks, or a duplicate one; a truncated input; people
// of one sequence with different joints. The people are kept until the end.
std::unique_ptr<RecordSink> fill_frames(const std::string& path, const ReadContext& context,
                                        RecordSink& next);

struct Selection {
  double min_score = 0;        // of people
  double min_joint_score = 0;  // joints with a lower score become absent
  FrameRange range;            // of frames
  std::vector<int> tracks;     // empty: all
  bool tracked = false;        // only people with a track
  double scale = 1;            // of all coordinates and sizes
  double fps = 0;              // at most this many frames a second; 0: all
};

// No frame is in the range, or nobody has one of the tracks: the output is of no use.
struct NothingSelected : Error {
  using Error::Error;
};

// Frames keep their numbers. Error: a frame number above kLastFrame. finish() throws
// NothingSelected.
std::unique_ptr<RecordSink> select(const Selection& selection, RecordSink& next);

// Counts what the format cannot represent; finish() reports it in one warning.
std::unique_ptr<RecordSink> note_losses(const Format& format, RecordSink& next);

}  // namespace vremd::convert
