// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/enum_names.h"

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace c10 {
struct Device;
}

namespace vremd::ops {

enum class Precision { kFp32, kBf16 };
constexpr auto enum_names(Precision) { return std::array{"fp32", "bf16"}; }

// kHostAsync is the CPU; for tests of vremd-pose, as a device with streams
// (device/deferred_device.h).
enum class DeviceKind { kAuto, kCpu, kCuda, kHostAsync };
constexpr auto enum_names(DeviceKind) { return std::array{"auto", "cpu", "cuda", "host-async"}; }

// The value of --device.
struct DeviceChoice {
  static constexpr std::array kForms{"auto", "cpu", "cuda", "cuda:N"};
  static std::optional<DeviceChoice> parse(std::string_view text);
  std::string text() const;

  DeviceKind kind = DeviceKind::kAuto;
  std::optional<int> index{};  // of cuda:N
};

// Error: not available on this machine; only kAuto falls back to the CPU.
c10::Device choose_device(const DeviceChoice& choice);

int cuda_devices();  // visible to this process; 0 without CUDA

// Whether bfloat16 products are faster than float32's on this device: it has instructions for them.
bool has_fast_bf16(const c10::Device& device);

// Configures LibTorch and the allocator for a pipeline of single-threaded workers: ATen calls stay
// in their thread (METHOD 11.5), and the process keeps freed memory instead of returning it page by
// page (which is more than twice as fast). Call it before the first tensor.
void prepare_runtime();

// The same for a worker thread: OpenMP's thread count is per thread.
void prepare_worker();

}  // namespace vremd::ops
