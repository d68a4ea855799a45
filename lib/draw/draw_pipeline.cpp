// SPDX-License-Identifier: Apache-2.0
#include "draw/draw_pipeline.h"

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_pipeline.h>

namespace vremd {

void draw_pipeline(int threads, const std::function<std::optional<FrameTask>()>& read,
                   const std::function<Frame(const FrameTask&)>& draw,
                   const std::function<void(const Frame&)>& write) {
  using Task = std::shared_ptr<FrameTask>;
  using Drawn = std::shared_ptr<Frame>;
  using tbb::filter_mode;
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism,
                                  static_cast<std::size_t>(threads));
  const auto read_task = [&](tbb::flow_control& flow) -> Task {
    if (auto task = read()) return std::make_shared<FrameTask>(std::move(*task));
    flow.stop();
    return nullptr;
  };
  tbb::parallel_pipeline(
      2 * static_cast<std::size_t>(threads),
      tbb::make_filter<void, Task>(filter_mode::serial_in_order, read_task) &
          tbb::make_filter<Task, Drawn>(
              filter_mode::parallel,
              [&](const Task& task) { return std::make_shared<Frame>(draw(*task)); }) &
          tbb::make_filter<Drawn, void>(filter_mode::serial_in_order,
                                        [&](const Drawn& frame) { write(*frame); }));
}

}  // namespace vremd
