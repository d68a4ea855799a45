// SPDX-License-Identifier: Apache-2.0
#include "pipeline/pose_pipeline.h"

#include "core/log.h"
#include "ops/device.h"
#include "parallel/ordered_pipeline.h"
#include "pipeline/pose_nms.h"
#include "pipeline/pose_options.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <utility>

namespace vremd::pipeline {
namespace {

// Several threads process each chunk, so a few chunks suffice. On a device the people of many
// chunks fill the batches in flight; the pictures of those chunks are no longer needed.
// A frame of a live source waits for nothing.
std::size_t tokens_for(int threads, bool device, bool live) {
  if (live) return 1;
  return (device ? 24 : 3) + static_cast<std::size_t>(threads) / 4;
}

// A token of the pipeline.
struct PoseTask {
  std::unique_ptr<FrameChunk> chunk;
  PoseEstimator::Pending pending{};
};

void store_keypoints(FrameChunk& chunk) {
  for (Person& person : chunk.persons) {
    auto& frame = std::get<io::FrameRecord>(chunk.records[person.record]);
    io::Instance& instance = frame.instances[person.instance];
    instance.keypoints = std::move(person.keypoints);
    instance.visibility.clear();  // of the input
    instance.derived.clear();
    instance.score = io::person_score(instance.keypoints, instance.box_score);
  }
}

class ChunkWriter {
 public:
  ChunkWriter(io::RecordWriter& writer, StageTimes& times, const PosePipelineOptions& options,
              bool thinned)
      : writer_(writer),
        times_(times),
        track_(options.track),
        stats_(options.stats),
        thinned_(thinned) {
    for (std::size_t i = 0; i < kPoseStageNames.size(); ++i) {
      before_[i] = times_.seconds(static_cast<PoseStage>(i));
    }
  }

  void write(const FrameChunk& chunk) {
    const StageClock clock(times_, PoseStage::kWrite);
    for (std::size_t i = 0; i < chunk.records.size(); ++i) {
      const auto removed = chunk.removed.find(i);
      if (removed != chunk.removed.end()) removed_ += removed->second;
      std::visit([this](const auto& one) { put(one); }, chunk.records[i]);
    }
  }

  std::int64_t removed() const { return ended_removed_ + removed_; }

 private:
  void put(const io::Header& header) {
    if (track_) tracker_.emplace(*track_, header.joints);
    writer_.write(header);
  }

  void put(const io::FrameRecord& frame) {
    if (!tracker_) return writer_.write(frame);
    auto tracked = std::get<io::FrameRecord>(io::as_written(frame));
    tracker_->assign(tracked);
    writer_.write(tracked);
  }

  void put(const io::End& end) {
    Json extra = end.extra;
    if (thinned_) extra["removed"] = removed_;
    if (tracker_) extra["tracks"] = tracker_->tracks();
    ended_removed_ += std::exchange(removed_, 0);
    if (stats_) {
      Json& seconds = extra["seconds"] = Json::object();
      for (std::size_t i = 0; i < kPoseStageNames.size(); ++i) {
        const double now = times_.seconds(static_cast<PoseStage>(i));
        seconds[kPoseStageNames[i]] = std::round((now - before_[i]) * 1000) / 1000;
        before_[i] = now;
      }
    }
    writer_.write_end(extra);
  }

  io::RecordWriter& writer_;
  StageTimes& times_;
  const std::optional<track::TrackerConfig>& track_;
  std::optional<track::Tracker> tracker_;  // of this video
  bool stats_, thinned_;
  std::int64_t removed_ = 0, ended_removed_ = 0;  // of this video, of those before
  std::array<double, kPoseStageNames.size()> before_{};
};

}  // namespace

std::int64_t run_pose_pipeline(PoseReader& reader, PoseEstimator& estimator,
                               io::RecordWriter& writer, const PosePipelineOptions& options) {
  ChunkWriter chunk_writer(writer, estimator.times(), options, reader.nms_oks() > 0);
  const PoseNms nms(reader.nms_oks(),
                    selected_joints(estimator.options().joints, estimator.config()),
                    estimator.crop_spec());
  const bool device = estimator.has_device(), live = reader.is_live();
  const auto complete = [&](PoseTask& task) {
    FrameChunk& chunk = *task.chunk;
    estimator.complete(task.pending, chunk.persons);
    store_keypoints(chunk);
    nms.thin(chunk);
    chunk.persons.clear();  // and the frames
  };
  // One thread reads, one feeds the device and one waits for it.
  const int threads = device ? std::max(3, options.threads) : options.threads;
  parallel::run_ordered(
      [&] {
        const StageClock clock(estimator.times(), PoseStage::kRead);
        auto chunk = reader.next();
        return chunk ? std::make_unique<PoseTask>(std::move(chunk)) : nullptr;
      },
      [&](PoseTask& task) {
        task.pending = estimator.begin(task.chunk->persons);
        if (live) estimator.flush();
        if (!device) return complete(task);
        if (estimator.dump) return;
        for (Person& person : task.chunk->persons) person.triplet.frames = {};
      },
      [&](PoseTask& task) {
        if (device) complete(task);
        const auto before = writer.frames();
        chunk_writer.write(*task.chunk);
        options.advanced(writer.frames() - before);
      },
      {.threads = threads,
       .tokens = tokens_for(options.threads, device, live),
       .parallel = !device,
       .prepare_thread = ops::prepare_worker,
       .cancel = [&] { reader.cancel(); }});
  return chunk_writer.removed();
}

Json settings_of(const EstimatorOptions& options, const PoseInput& input) {
  Json settings{
      {"enlarge", options.enlarge}, {"decode", name_of(options.decode)}, {"flip", options.flip}};
  if (options.calibration) settings["scores"] = name_of(Scores::kCalibrated);
  if (input.hold_iou > 0) settings["reuse"] = fmt::format("hold:{}", input.hold_iou);
  if (input.nms_oks > 0) settings["nms"] = fmt::format("oks:{}", input.nms_oks);
  if (!input.with_neighbours) return settings;
  if (input.neighbours.delta_ms > 0) {
    settings["delta_ms"] = input.neighbours.delta_ms;
  } else {
    settings["stride"] = input.neighbours.stride;
  }
  return settings;
}

void log_counts(const PoseReader& reader) {
  const auto warn = [](std::int64_t count, const char* what) {
    if (count) log_warning("{} {}", count, what);
  };
  const PoseReader::Counts counts = reader.counts();
  warn(counts.uncropped, "instances without keypoints: their boxes cannot be cropped");
  warn(counts.undecoded, "instances without keypoints: their frames cannot be decoded");
  warn(counts.substituted, "neighbours replaced by the frame itself");
}

void log_times(PoseEstimator& estimator) {
  for (std::size_t i = 0; i < kPoseStageNames.size(); ++i) {
    const double seconds = estimator.times().seconds(static_cast<PoseStage>(i));
    log_verbose("{}: {:.2f} s", kPoseStageNames[i], seconds);
  }
  log_verbose("{} of {} crops encoded", estimator.encoded(), estimator.crops());
}

}  // namespace vremd::pipeline
