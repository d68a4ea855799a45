// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "draw/frame_tasks.h"
#include "core/frame.h"

#include <functional>
#include <memory>
#include <optional>

namespace vremd {

// read (serial) | draw (parallel) | write (serial), all in the order of the frames; as many
// frames are in flight as twice the threads. `read` gives nothing at the end. What a stage
// throws ends the others and comes out of here.
void draw_pipeline(int threads, const std::function<std::optional<FrameTask>()>& read,
                   const std::function<Frame(const FrameTask&)>& draw,
                   const std::function<void(const Frame&)>& write);

}  // namespace vremd
