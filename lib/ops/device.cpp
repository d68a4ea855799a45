// SPDX-License-Identifier: Apache-2.0
#include "ops/device.h"

#include "core/error.h"
#include "core/text.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <c10/core/Device.h>

#include <malloc.h>

#include <optional>

namespace vremd::ops {

namespace {

// Of "cuda" or "cuda:N".
std::optional<int> cuda_index(const std::string& text) {
  if (text == "cuda") return 0;
  if (!text.starts_with("cuda:")) return std::nullopt;
  const auto index = number_from<int>(std::string_view(text).substr(5));
  return index && *index >= 0 && *index <= 127 ? index : std::nullopt;
}

}  // namespace

void check_device(const std::string& text) {
  if (text == "auto" || text == "cpu" || cuda_index(text)) return;
  fail("--device must be auto, cpu, cuda or cuda:N, not '{}'", text);
}

c10::Device choose_device(const std::string& text) {
  check_device(text);
  if (text == "cpu") return c10::Device(c10::kCPU);
  const int index = cuda_index(text).value_or(0);
  const int count = cuda_devices();
  if (index < count) return c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(index));
  if (text == "auto") return c10::Device(c10::kCPU);
  if (!at::detail::getCUDAHooks().hasCUDART()) fail("--device {}: this build has no CUDA", text);
  if (count == 0) fail("--device {}: no CUDA device found", text);
  fail("--device {}: there are {} CUDA devices, the first is cuda:0", text, count);
}

int cuda_devices() {
  const auto& hooks = at::detail::getCUDAHooks();
  return hooks.hasCUDART() ? hooks.deviceCount() : 0;
}

void prepare_runtime() {
  // glibc rejects mmap thresholds above 32 MiB, so mappings are disabled.
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  mallopt(M_TOP_PAD, 16 << 20);
  at::set_num_interop_threads(1);
  prepare_worker();
}

void prepare_worker() { at::set_num_threads(1); }

}  // namespace vremd::ops
