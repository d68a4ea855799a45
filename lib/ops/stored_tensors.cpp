// SPDX-License-Identifier: Apache-2.0
#include "ops/stored_tensors.h"

#include "core/error.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/isfinite.h>
#include <fmt/ranges.h>

#include <cstring>

namespace vremd::ops {
namespace {

std::string text_of(at::IntArrayRef shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

at::ScalarType scalar_type_of(io::DType dtype) {
  switch (dtype) {
    case io::DType::kF32: return at::kFloat;
    case io::DType::kF16: return at::kHalf;
    case io::DType::kBF16: return at::kBFloat16;
    case io::DType::kI64: return at::kLong;
    default: fail("tensors cannot be stored as {}", io::name_of(dtype));
  }
}

}  // namespace

at::Tensor to_tensor(at::IntArrayRef shape, const std::vector<float>& values) {
  at::Tensor tensor = at::empty(shape, at::kFloat);
  std::memcpy(tensor.data_ptr<float>(), values.data(), values.size() * sizeof(float));
  return tensor;
}

at::Tensor read_tensor(const std::map<std::string, io::TensorView>& tensors,
                       const std::string& path, const std::string& name, at::IntArrayRef shape) {
  const auto found = tensors.find(name);
  if (found == tensors.end()) fail("{}: no tensor {}", path, name);
  const io::TensorView& view = found->second;
  if (shape != at::IntArrayRef(view.shape)) {
    fail("{}: tensor {} is {}, not {}", path, name, text_of(view.shape), text_of(shape));
  }
  return to_tensor(shape, view.to_float());
}

void StoredTensors::add(const std::string& name, const at::Tensor& tensor, io::DType dtype) {
  const at::Tensor& kept =
      owners_.emplace_back(tensor.detach().to(at::kCPU, scalar_type_of(dtype)).contiguous());
  const auto bytes = std::span(static_cast<const std::byte*>(kept.const_data_ptr()), kept.nbytes());
  if (!views_.emplace(name, io::TensorView{dtype, kept.sizes().vec(), bytes}).second) {
    fail("{}: duplicate tensor {}", path_, name);
  }
}

void StoredTensors::add_finite(const std::string& name, const at::Tensor& tensor, io::DType dtype) {
  add(name, tensor, dtype);
  if (!at::isfinite(owners_.back()).all().item<bool>()) {
    fail("{}: tensor {} has values that are not finite as {}", path_, name, io::name_of(dtype));
  }
}

}  // namespace vremd::ops
