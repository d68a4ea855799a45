// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace vremd::train {

// What a frozen backbone gives for augmented crops, kept for later epochs (METHOD 10.4): each
// sample has `variants` frozen augmentations.
//
// The values lie in a file without a name in `folder`, which is gone when the process ends, however
// it ends. An entry is put once; has() and get() may run in other threads meanwhile.
class FeatureCache {
 public:
  // [T, N, C] a value; `dtype`: bfloat16 or float32. Error: no room for all of them.
  FeatureCache(const std::string& folder, std::int64_t samples, int variants,
               std::array<std::int64_t, 3> shape, at::ScalarType dtype);
  ~FeatureCache();
  FeatureCache(const FeatureCache&) = delete;
  FeatureCache& operator=(const FeatureCache&) = delete;

  int variants() const { return variants_; }
  const std::array<std::int64_t, 3>& shape() const { return shape_; }
  bool has(std::int64_t sample, int variant) const { return there_[entry(sample, variant)]; }
  at::Tensor get(std::int64_t sample, int variant) const;  // float32, on the CPU
  void put(std::int64_t sample, int variant, const at::Tensor& features);
  at::Tensor rounded(const at::Tensor& features) const;  // as get() gives what was put

 private:
  std::size_t entry(std::int64_t sample, int variant) const {
    return static_cast<std::size_t>(sample) * static_cast<std::size_t>(variants_) +
           static_cast<std::size_t>(variant);
  }
  at::Tensor view(std::size_t entry) const;

  int variants_;
  std::array<std::int64_t, 3> shape_;
  at::ScalarType dtype_;
  std::size_t entry_bytes_, bytes_;
  std::byte* data_ = nullptr;
  std::unique_ptr<std::atomic<bool>[]> there_;
};

}  // namespace vremd::train
