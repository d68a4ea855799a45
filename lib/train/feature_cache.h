// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/vremd.h"
#include "train/batch.h"
#include "train/config.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace vremd::train {

// Features of a frozen backbone for augmented crops, reused in later epochs (METHOD 10.4). Each
// sample has `variants` frozen augmentations.
//
// Stored in the file `name` in `folder`, which later runs read, or, if `name` is "", in an unnamed
// file that vanishes with the process. An entry depends only on its number: it may be put several
// times, by several processes. has() and get() may run concurrently in other threads.
class FeatureCache {
 public:
  // `shape` of an entry: [T, N, C]; `dtype`: bfloat16 or float32. Error: not enough disk space.
  FeatureCache(const std::string& folder, const std::string& name, std::int64_t samples,
               int variants, std::array<std::int64_t, 3> shape, at::ScalarType dtype);
  ~FeatureCache();
  FeatureCache(const FeatureCache&) = delete;
  FeatureCache& operator=(const FeatureCache&) = delete;
  FeatureCache(FeatureCache&& other) noexcept;

  // get() gives the key frame of stored triplets, [1, N, C], to a single-frame network.
  void use_key_frames();

  int variants() const { return variants_; }
  std::array<std::int64_t, 3> shape() const {  // of what get() returns
    return {key_frames_ ? 1 : shape_[0], shape_[1], shape_[2]};
  }
  bool has(std::int64_t sample, int variant) const { return flag(entry(sample, variant)).load(); }
  std::vector<bool> stored() const;                        // [sample][variant]
  at::Tensor get(std::int64_t sample, int variant) const;  // float32, on the CPU
  void put(std::int64_t sample, int variant, const at::Tensor& features);
  at::Tensor rounded(const at::Tensor& features) const;  // as get() returns it after put()

 private:
  std::size_t entry(std::int64_t sample, int variant) const {
    return static_cast<std::size_t>(sample) * static_cast<std::size_t>(variants_) +
           static_cast<std::size_t>(variant);
  }
  at::Tensor view(std::size_t entry) const;
  std::atomic_ref<unsigned char> flag(std::size_t entry) const {  // behind the entries
    return std::atomic_ref(
        reinterpret_cast<unsigned char*>(data_)[entries_ * entry_bytes_ + entry]);
  }

  int variants_;
  bool key_frames_ = false;
  std::array<std::int64_t, 3> shape_;
  at::ScalarType dtype_;
  std::size_t entry_bytes_, entries_, bytes_;
  std::byte* data_ = nullptr;
};

// The features of a training, in config.train.feature_folder or else in `output`. Their file is
// named by a hash of all that they depend on (of pictures, only the names). A single-frame network
// uses those of triplets if the folder has all of them.
FeatureCache open_features(const TrainConfig& config, const data::TrainSet& set,
                           const model::VremdImpl& model, const std::string& output);

// A batch of a plan with `uses` (METHOD 10.4: frozen augmentations; none with a single variant).
// Features already in the cache are read; complete_features() adds the others.
TrainBatch make_cached_batch(data::TrainSet& set, const BatchPlan& plan, const TrainConfig& config,
                             FeatureCache& cache);

// Writes `fresh` [m, T, N, C], the features of the batch's crops (undefined if none), into
// batch.features with the precision of the cache, and into the cache if the plan says so. All
// entries that the batch reads must be stored: the steps of earlier epochs are complete.
void complete_features(TrainBatch& batch, const at::Tensor& fresh, FeatureCache& cache);

}  // namespace vremd::train
