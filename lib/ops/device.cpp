// SPDX-License-Identifier: Apache-2.0
#include "ops/device.h"

#include "core/error.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <c10/core/Device.h>

#include <malloc.h>

#include <charconv>

namespace vremd {

c10::Device choose_device(const std::string& text) {
  if (text == "cpu") return c10::Device(c10::kCPU);
  const bool is_auto = text == "auto";
  int index = 0;
  if (!is_auto && text != "cuda") {
    const char* end = text.data() + text.size();
    const auto [stop, error] = text.starts_with("cuda:")
                                   ? std::from_chars(text.data() + 5, end, index)
                                   : std::from_chars_result{text.data(), std::errc::invalid_argument};
    if (error != std::errc() || stop != end || index < 0 || index > 127) {
      fail("--device takes auto, cpu, cuda or cuda:N, not '{}'", text);
    }
  }
  const bool built = at::detail::getCUDAHooks().hasCUDART();
  const int count = cuda_devices();
  if (index < count) return c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(index));
  if (is_auto) return c10::Device(c10::kCPU);
  if (!built) fail("--device {}: this build has no CUDA", text);
  if (count == 0) fail("--device {}: no CUDA device was found", text);
  fail("--device {}: there are {} CUDA devices, the first is cuda:0", text, count);
}

int cuda_devices() {
  const auto& hooks = at::detail::getCUDAHooks();
  return hooks.hasCUDART() ? hooks.deviceCount() : 0;
}

std::string name_of(const c10::Device& device) { return device.str(); }

void prepare_runtime() {
  // A threshold above 32 MiB is refused by glibc and leaves 128 KiB: no mappings at all instead.
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  mallopt(M_TOP_PAD, 16 << 20);
  at::set_num_interop_threads(1);
  prepare_worker();
}

void prepare_worker() { at::set_num_threads(1); }

}  // namespace vremd
