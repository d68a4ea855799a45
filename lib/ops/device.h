// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace c10 {
struct Device;
}

namespace vremd::ops {

void check_device(const std::string& text);  // Error: not "auto", "cpu", "cuda" or "cuda:N"

// Where a network runs. Error: not a device, or one that this machine lacks; only "auto" falls
// back.
c10::Device choose_device(const std::string& text);

int cuda_devices();  // that this process sees; 0 without CUDA

// For start lines and headers: "cpu", "cuda:0".
std::string name_of(const c10::Device& device);

// LibTorch and the allocator as a pipeline of single-threaded workers needs them: every ATen call
// stays in its thread (PERF 3.1), and freed tensors stay with the process instead of going back to
// the kernel page by page (WEIGHTS: more than twice as fast). Before the first tensor.
void prepare_runtime();

// The same for a worker thread of ours: OpenMP counts threads per thread.
void prepare_worker();

}  // namespace vremd::ops
