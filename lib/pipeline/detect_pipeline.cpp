// SPDX-License-Identifier: Apache-2.0
#include "pipeline/detect_pipeline.h"

#include "ops/device.h"
#include "pipeline/detect_reader.h"

#include <c10/core/InferenceMode.h>
#include <tbb/global_control.h>
#include <tbb/parallel_pipeline.h>
#include <tbb/task_arena.h>

#include <utility>

namespace vremd {
namespace {

void look(const PersonDetector& detector, DetectTask& task) {
  thread_local const bool prepared = (prepare_worker(), true);
  static_cast<void>(prepared);
  if (!task.look) return;
  const c10::InferenceMode guard;  // of this thread alone
  task.people = detector.detect(*task.frame);
}

// Tasks in order -> records; keeps the boxes that are held.
class DetectWriter {
 public:
  DetectWriter(RecordWriter& writer, const std::function<void()>& advanced)
      : writer_(writer), advanced_(advanced) {}

  void write(DetectTask& task) {
    if (task.ends_video) writer_.write_end();
    if (task.header) {
      header_ = std::move(*task.header);
      held_frame_ = -1;
      held_.clear();
      writer_.write(header_);
    }
    if (!task.frame) return;
    writer_.write(record_of(task));
    advanced_();
  }

 private:
  FrameRecord record_of(DetectTask& task) {
    const Frame& frame = *task.frame;
    FrameRecord record;
    record.frame = frame.index;
    record.time = frame.time;
    record.pts = frame.pts;
    if (!frame.file.empty()) record.file = frame.file;
    record.damage = frame.missing   ? Damage::kMissing
                    : frame.damaged ? Damage::kDamaged
                                    : Damage::kNone;
    if (frame.missing) return record;
    if (frame.width != header_.width || frame.height != header_.height) {
      record.size = {frame.width, frame.height};
    }
    if (task.look) {
      held_ = std::move(task.people);
      held_frame_ = frame.index;
    } else {
      record.held = held_frame_;
    }
    for (const ScoredBox& one : held_) {
      Instance& instance = record.instances.emplace_back();
      instance.box = one.box;
      instance.box_score = instance.score = one.score;
    }
    return record;
  }

  RecordWriter& writer_;
  const std::function<void()>& advanced_;
  Header header_;
  std::int64_t held_frame_ = -1;
  std::vector<ScoredBox> held_;
};

}  // namespace

DetectCounts run_detect_pipeline(const DetectInput& input, const Header& header,
                                 const PersonDetector& detector, RecordWriter& writer) {
  const auto threads = static_cast<std::size_t>(input.threads);
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
  DetectReader reader(input, header);
  DetectWriter records(writer, input.advanced);

  // A stage that throws must not leave the reader waiting for input that nobody wants.
  const auto or_cancel = [&](const auto& work) {
    try {
      work();
    } catch (...) {
      reader.cancel();
      throw;
    }
  };
  const auto read = [&](tbb::flow_control& control) -> DetectTaskPtr {
    DetectTaskPtr task = reader.next();
    if (!task) control.stop();
    return task;
  };
  const auto detect = [&](DetectTaskPtr task) {
    or_cancel([&] { look(detector, *task); });
    return task;
  };
  const auto write = [&](const DetectTaskPtr& task) { or_cancel([&] { records.write(*task); }); };

  tbb::task_arena arena(input.threads);
  arena.execute([&] {
    using tbb::filter_mode;
    tbb::parallel_pipeline(
        2 * threads,
        tbb::make_filter<void, DetectTaskPtr>(filter_mode::serial_in_order, read) &
            tbb::make_filter<DetectTaskPtr, DetectTaskPtr>(filter_mode::parallel, detect) &
            tbb::make_filter<DetectTaskPtr, void>(filter_mode::serial_in_order, write));
  });
  return reader.counts();
}

}  // namespace vremd
