// SPDX-License-Identifier: Apache-2.0
#include "pipeline/detect_pipeline.h"

#include "ops/device.h"
#include "parallel/ordered_pipeline.h"
#include "pipeline/detect_reader.h"

#include <c10/core/InferenceMode.h>

#include <utility>

namespace vremd::pipeline {
namespace {

// Tasks in order -> records; keeps the boxes of the last keyframe.
class DetectWriter {
 public:
  DetectWriter(io::RecordWriter& writer, const std::function<void()>& advanced)
      : writer_(writer), advanced_(advanced) {}

  void write(DetectTask& task) {
    if (task.ends_video) writer_.write_end();
    if (task.header) {
      header_ = std::move(*task.header);
      keyframe_ = -1;
      people_.clear();
      writer_.write(header_);
    }
    if (!task.frame) return;
    writer_.write(record_of(task));
    advanced_();
  }

 private:
  io::FrameRecord record_of(DetectTask& task) {
    const Frame& frame = *task.frame;
    io::FrameRecord record;
    record.frame = frame.index;
    record.time = frame.time;
    record.pts = frame.pts;
    if (!frame.file.empty()) record.file = frame.file;
    record.damage = frame.missing   ? io::Damage::kMissing
                    : frame.damaged ? io::Damage::kDamaged
                                    : io::Damage::kNone;
    if (frame.missing) return record;
    if (frame.width != header_.width || frame.height != header_.height) {
      record.size = {frame.width, frame.height};
    }
    if (task.keyframe) {
      people_ = std::move(task.people);
      keyframe_ = frame.index;
    } else {
      record.held = keyframe_;
    }
    for (const ops::ScoredBox& one : people_) {
      io::Instance& instance = record.instances.emplace_back();
      instance.box = one.box;
      instance.box_score = instance.score = one.score;
    }
    return record;
  }

  io::RecordWriter& writer_;
  const std::function<void()>& advanced_;
  io::Header header_;
  std::int64_t keyframe_ = -1;
  std::vector<ops::ScoredBox> people_;
};

}  // namespace

DetectCounts run_detect_pipeline(const DetectInput& input, const io::Header& header,
                                 const detect::PersonDetector& detector, io::RecordWriter& writer) {
  DetectReader reader(input, header);
  DetectWriter records(writer, input.advanced);
  parallel::run_ordered([&] { return reader.next(); },
                        [&](DetectTask& task) {
                          if (!task.keyframe) return;
                          const c10::InferenceMode guard;  // of this thread only
                          task.people = detector.detect(*task.frame);
                        },
                        [&](DetectTask& task) { records.write(task); },
                        {.threads = input.threads,
                         .tokens = 2 * static_cast<std::size_t>(input.threads),
                         .prepare_thread = ops::prepare_worker,
                         .cancel = [&] { reader.cancel(); }});
  return reader.counts();
}

}  // namespace vremd::pipeline
