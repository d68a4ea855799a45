// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace c10 {
struct Device;
}

namespace vremd::ops {

void check_device(const std::string& text);  // Error: not "auto", "cpu", "cuda" or "cuda:N"

// Error: invalid, or not available on this machine; only "auto" falls back to the CPU.
c10::Device choose_device(const std::string& text);

int cuda_devices();  // visible to this process; 0 without CUDA

// Configures LibTorch and the allocator for a pipeline of single-threaded workers: ATen calls stay
// in their thread (METHOD 11.5), and the process keeps freed memory instead of returning it page by
// page (which is more than twice as fast). Call it before the first tensor.
void prepare_runtime();

// The same for a worker thread: OpenMP's thread count is per thread.
void prepare_worker();

}  // namespace vremd::ops
