// SPDX-License-Identifier: Apache-2.0
#include "pipeline/pose_pipeline.h"

#include "core/log.h"
#include "pipeline/pose_options.h"

#include <tbb/global_control.h>
#include <tbb/parallel_pipeline.h>
#include <tbb/task_arena.h>

#include <array>
#include <cmath>
#include <memory>
#include <utility>

namespace vremd {
namespace {

using ChunkPtr = std::shared_ptr<FrameChunk>;

// Chunks are worked on by several threads each, so a few keep all of them busy.
std::size_t tokens_for(int threads) { return 3 + static_cast<std::size_t>(threads) / 4; }

void hand_over(FrameChunk& chunk) {
  for (Person& person : chunk.persons) {
    auto& frame = std::get<FrameRecord>(chunk.records[person.record]);
    Instance& instance = frame.instances[person.instance];
    instance.keypoints = std::move(person.keypoints);
    instance.visibility.clear();  // of old ones
    instance.derived.clear();
    instance.score = person_score(instance.keypoints, instance.box_score);
  }
  chunk.persons.clear();  // and with them the frames
}

class ChunkWriter {
 public:
  ChunkWriter(RecordWriter& writer, StageTimes& times, bool stats)
      : writer_(writer), times_(times), stats_(stats) {
    for (std::size_t i = 0; i < kStageNames.size(); ++i) {
      before_[i] = times_.seconds(static_cast<Stage>(i));
    }
  }

  void write(const FrameChunk& chunk) {
    const StageClock clock(times_, Stage::kWrite);
    for (const Record& record : chunk.records) {
      std::visit([this](const auto& one) { put(one); }, record);
    }
  }

 private:
  void put(const Header& header) { writer_.write(header); }
  void put(const FrameRecord& frame) { writer_.write(frame); }
  void put(const End& end) {
    Json extra = end.extra;
    if (stats_) {
      Json& seconds = extra["seconds"] = Json::object();
      for (std::size_t i = 0; i < kStageNames.size(); ++i) {
        const double now = times_.seconds(static_cast<Stage>(i));
        seconds[kStageNames[i]] = std::round((now - before_[i]) * 1000) / 1000;
        before_[i] = now;
      }
    }
    writer_.write_end(extra);
  }

  RecordWriter& writer_;
  StageTimes& times_;
  bool stats_;
  std::array<double, kStageNames.size()> before_{};
};

}  // namespace

void run_pose_pipeline(PoseReader& reader, PoseEstimator& estimator, RecordWriter& writer,
                       const PosePipelineOptions& options) {
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism,
                                  static_cast<std::size_t>(options.threads));
  ChunkWriter chunk_writer(writer, estimator.times(), options.stats);

  const auto read = [&](tbb::flow_control& control) -> ChunkPtr {
    const StageClock clock(estimator.times(), Stage::kRead);
    ChunkPtr chunk = reader.next();
    if (!chunk) control.stop();
    return chunk;
  };
  const auto infer = [&](ChunkPtr chunk) {
    estimator.estimate(chunk->persons);
    hand_over(*chunk);
    return chunk;
  };
  const auto write = [&](const ChunkPtr& chunk) {
    const auto before = writer.frames();
    chunk_writer.write(*chunk);
    options.advanced(writer.frames() - before);
  };
  // A stage that throws must not leave the reader waiting for input that nobody wants.
  const auto guarded = [&](auto& stage) {
    return [&](auto&&... arguments) {
      try {
        return stage(std::forward<decltype(arguments)>(arguments)...);
      } catch (...) {
        reader.cancel();
        throw;
      }
    };
  };
  const auto infer_mode = estimator.options().device.is_cpu() ? tbb::filter_mode::parallel
                                                              : tbb::filter_mode::serial_in_order;
  tbb::task_arena arena(options.threads);
  arena.execute([&] {
    tbb::parallel_pipeline(
        tokens_for(options.threads),
        tbb::make_filter<void, ChunkPtr>(tbb::filter_mode::serial_in_order, read) &
            tbb::make_filter<ChunkPtr, ChunkPtr>(infer_mode, guarded(infer)) &
            tbb::make_filter<ChunkPtr, void>(tbb::filter_mode::serial_in_order, guarded(write)));
  });
}

Json settings_of(const EstimatorOptions& options, const PoseInput& input) {
  Json settings{{"enlarge", options.enlarge},
                {"decode", name_of(options.decode)},
                {"flip", options.flip}};
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
  const PoseReader::Counts& counts = reader.counts();
  if (counts.taken_over) log_info("{} frames were done already", counts.taken_over);
  warn(counts.uncropped, "instances without keypoints: their boxes cannot be cropped");
  warn(counts.undecoded, "instances without keypoints: their frames cannot be decoded");
  warn(counts.substituted, "neighbours cannot be used: the frame itself stood in for them");
}

void log_times(PoseEstimator& estimator) {
  for (std::size_t i = 0; i < kStageNames.size(); ++i) {
    const double seconds = estimator.times().seconds(static_cast<Stage>(i));
    log_verbose("{}: {:.2f} s", kStageNames[i], seconds);
  }
  log_verbose("{} of {} crops encoded", estimator.encoded(), estimator.crops());
}

}  // namespace vremd
