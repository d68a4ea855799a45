// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/safetensors.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

namespace vremd::importer {

// Tensors of a file to be written, and the owner of their bytes.
class TensorFile {
 public:
  explicit TensorFile(io::DType dtype) : dtype_(dtype) {}

  // Stored as `dtype`. Error: a value out of range, or a duplicate name.
  void add(const std::string& name, const std::vector<std::int64_t>& shape,
           const std::vector<float>& values) {
    add(name, shape, values, dtype_);
  }

  // Vectors are stored in float32: they are small and need the precision.
  void add_kept(const std::string& name, const std::vector<std::int64_t>& shape,
                const std::vector<float>& values) {
    add(name, shape, values, shape.size() >= 2 ? dtype_ : io::DType::kF32);
  }

  const std::map<std::string, io::TensorView>& views() const { return views_; }

 private:
  void add(const std::string& name, const std::vector<std::int64_t>& shape,
           const std::vector<float>& values, io::DType dtype);

  io::DType dtype_;
  std::deque<std::vector<std::byte>> bytes_;
  std::map<std::string, io::TensorView> views_;
};

}  // namespace vremd::importer
