// SPDX-License-Identifier: Apache-2.0
#include "ops/device.h"

#include "core/error.h"
#include "core/text.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <c10/core/Device.h>

#include <malloc.h>
#ifdef __aarch64__
#include <sys/auxv.h>
#endif

namespace vremd::ops {

std::optional<DeviceChoice> DeviceChoice::parse(std::string_view text) {
  if (const auto kind = enum_from_name<DeviceKind>(text)) return DeviceChoice{*kind};
  constexpr std::string_view kPrefix = "cuda:";
  if (!text.starts_with(kPrefix)) return std::nullopt;
  const auto index = number_from<int>(text.substr(kPrefix.size()));
  if (!index || *index < 0 || *index > 127) return std::nullopt;
  return DeviceChoice{DeviceKind::kCuda, index};
}

std::string DeviceChoice::text() const {
  return std::string(name_of(kind)) + (index ? ":" + std::to_string(*index) : "");
}

c10::Device choose_device(const DeviceChoice& choice) {
  if (choice.kind == DeviceKind::kCpu || choice.kind == DeviceKind::kHostAsync) {
    return c10::Device(c10::kCPU);
  }
  const int index = choice.index.value_or(0), count = cuda_devices();
  if (index < count) return c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(index));
  if (choice.kind == DeviceKind::kAuto) return c10::Device(c10::kCPU);
  const std::string text = choice.text();
  if (!at::detail::getCUDAHooks().hasCUDART()) fail("--device {}: this build has no CUDA", text);
  if (count == 0) fail("--device {}: no CUDA device found", text);
  fail("--device {}: there are {} CUDA devices, the first is cuda:0", text, count);
}

int cuda_devices() {
  const auto& hooks = at::detail::getCUDAHooks();
  return hooks.hasCUDART() ? hooks.deviceCount() : 0;
}

bool has_fast_bf16(const c10::Device& device) {
  if (device.is_cuda()) return true;
#ifdef __x86_64__
  return __builtin_cpu_supports("avx512bf16");  // every processor with AMX has it, too
#elif defined(__aarch64__)
  return (getauxval(AT_HWCAP2) & HWCAP2_BF16) != 0;
#else
  return false;
#endif
}

void prepare_runtime() {
  // Keeps the memory of large tensors for the next ones: fresh pages must be cleared by the kernel,
  // which can take longer than the computation. glibc rejects mmap thresholds above 32 MiB, so
  // mappings are disabled; arenas of threads are mappings, too, that are given back when empty.
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_ARENA_MAX, 1);
  mallopt(M_TRIM_THRESHOLD, -1);  // never
  mallopt(M_TOP_PAD, 16 << 20);
  at::set_num_interop_threads(1);
  prepare_worker();
}

void prepare_worker() { at::set_num_threads(1); }

}  // namespace vremd::ops
