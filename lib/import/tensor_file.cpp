// SPDX-License-Identifier: Apache-2.0
#include "import/tensor_file.h"

#include "core/error.h"
#include "core/half.h"

#include <cmath>
#include <cstring>

namespace vremd::importer {

void TensorFile::add(const std::string& name, const std::vector<std::int64_t>& shape,
                     const std::vector<float>& values, io::DType dtype) {
  auto& bytes = bytes_.emplace_back(values.size() * io::size_of(dtype));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const float value = values[i];
    if (dtype == io::DType::kF32) {
      std::memcpy(&bytes[4 * i], &value, 4);
      continue;
    }
    const std::uint16_t half = dtype == io::DType::kF16 ? to_half(value) : to_bfloat16(value);
    if (dtype == io::DType::kF16 && std::isfinite(value) && !std::isfinite(from_half(half))) {
      fail("tensor {}: {} is too large for fp16", name, value);
    }
    std::memcpy(&bytes[2 * i], &half, 2);
  }
  if (!views_.emplace(name, io::TensorView{dtype, shape, bytes}).second) {
    fail("duplicate tensor {}", name);
  }
}

}  // namespace vremd::importer
