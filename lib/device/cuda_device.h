// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "device/device.h"

namespace vremd::device {

// A GPU by LibTorch's streams and allocators, for work that calls LibTorch. Waits for whatever was
// enqueued on the GPU before. Only if LibTorch has CUDA (VREMD_TORCH_CUDA).
std::unique_ptr<Device> make_cuda_device(int index);

}  // namespace vremd::device
