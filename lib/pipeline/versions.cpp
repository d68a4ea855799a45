// SPDX-License-Identifier: Apache-2.0
#include "pipeline/versions.h"

#include "video/av.h"

#include <ATen/Context.h>
#include <ATen/Version.h>
#include <torch/version.h>

#include <fmt/core.h>

namespace vremd::pipeline {

std::vector<std::string> library_versions() {
  const auto& cuda = at::detail::getCUDAHooks();
  std::string cuda_version = "none in this build";
  if (cuda.hasCUDART()) {
    const long version = cuda.versionCUDART();
    cuda_version = fmt::format("{}.{}", version / 1000, version % 1000 / 10);
  }
#ifdef NDEBUG
  const char* build = "release";
#else
  const char* build = "debug";
#endif
  return {fmt::format("LibTorch {} ({})", TORCH_VERSION, at::get_cpu_capability()),
          "CUDA " + cuda_version, fmt::format("FFmpeg {}", av_version_info()),
          fmt::format("build {}", build)};
}

}  // namespace vremd::pipeline
