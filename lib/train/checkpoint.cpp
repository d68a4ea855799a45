// SPDX-License-Identifier: Apache-2.0
#include "train/checkpoint.h"

#include "core/error.h"
#include "io/safetensors.h"

#include <ATen/ops/empty.h>

#include <charconv>
#include <cstring>

namespace vremd {

void save_checkpoint(const std::string& path, const Checkpoint& checkpoint) {
  std::map<std::string, at::Tensor> stored;
  std::map<std::string, TensorView> views;
  for (const auto& [name, tensor] : checkpoint.tensors) {
    const at::Tensor& cpu = stored[name] = tensor.detach().to(at::kCPU, at::kFloat).contiguous();
    views[name] = {DType::kF32, cpu.sizes().vec(),
                   {static_cast<const std::byte*>(cpu.data_ptr()), cpu.nbytes()}};
  }
  write_safetensors(path, views,
                    {{"kind", "checkpoint"},
                     {"step", std::to_string(checkpoint.step)},
                     {"processes", std::to_string(checkpoint.processes)},
                     {"persons", std::to_string(checkpoint.persons)},
                     {"substituted", std::to_string(checkpoint.substituted)},
                     {"best", fmt::format("{}", checkpoint.best)},
                     {"config", checkpoint.config}});
}

Checkpoint load_checkpoint(const std::string& path) {
  const SafetensorsFile file(path);
  const auto text = [&](const char* key) {
    const auto found = file.metadata().find(key);
    if (found == file.metadata().end()) fail("{}: not a checkpoint (no \"{}\")", path, key);
    return found->second;
  };
  if (text("kind") != "checkpoint") fail("{}: not a checkpoint", path);
  Checkpoint checkpoint;
  const auto number = [&](const char* key, auto& result) {
    const std::string value = text(key);
    const char* end = value.data() + value.size();
    const auto [rest, error] = std::from_chars(value.data(), end, result);
    if (error != std::errc() || rest != end) {
      fail("{}: {}: '{}' is not a number", path, key, excerpt(value));
    }
  };
  number("step", checkpoint.step);
  number("processes", checkpoint.processes);
  number("persons", checkpoint.persons);
  number("substituted", checkpoint.substituted);
  number("best", checkpoint.best);
  checkpoint.config = text("config");
  for (const auto& [name, view] : file.tensors()) {
    at::Tensor tensor = at::empty(view.shape, at::kFloat);
    const auto values = view.to_float();
    std::memcpy(tensor.data_ptr<float>(), values.data(), values.size() * sizeof(float));
    checkpoint.tensors[name] = tensor;
  }
  return checkpoint;
}

}  // namespace vremd
