// SPDX-License-Identifier: Apache-2.0
#pragma once

// LibTorch tensors in safetensors files.

#include "io/safetensors.h"

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <vector>

namespace vremd::ops {

// A float32 tensor on the CPU with a copy of the values.
at::Tensor to_tensor(at::IntArrayRef shape, const std::vector<float>& values);

// The tensor `name` of a file, in float32. Error "path: no tensor NAME", "path: tensor NAME is
// [64, 8], not [64]".
at::Tensor read_tensor(const std::map<std::string, io::TensorView>& tensors,
                       const std::string& path, const std::string& name, at::IntArrayRef shape);
inline at::Tensor read_tensor(const io::SafetensorsFile& file, const std::string& name,
                              at::IntArrayRef shape) {
  return read_tensor(file.tensors(), file.path(), name, shape);
}

// Tensors to write to the file `path`.
class StoredTensors {
 public:
  explicit StoredTensors(std::string path) : path_(std::move(path)) {}

  // F32, F16, BF16 or I64. Error: a duplicate name.
  void add(const std::string& name, const at::Tensor& tensor, io::DType dtype = io::DType::kF32);
  // Error: a value is not finite in `dtype`.
  void add_finite(const std::string& name, const at::Tensor& tensor, io::DType dtype);
  // Matrices and kernels as `dtype`; vectors are small and need the precision of float32.
  void add_weight(const std::string& name, const at::Tensor& tensor, io::DType dtype) {
    add_finite(name, tensor, tensor.dim() >= 2 ? dtype : io::DType::kF32);
  }

  const std::map<std::string, io::TensorView>& views() const { return views_; }
  void write(const std::map<std::string, std::string>& metadata, bool force = true) const {
    io::write_safetensors(path_, views_, metadata, force);
  }

 private:
  std::string path_;
  std::vector<at::Tensor> owners_;  // of the views' bytes
  std::map<std::string, io::TensorView> views_;
};

}  // namespace vremd::ops
