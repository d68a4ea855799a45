// SPDX-License-Identifier: Apache-2.0
#include "train/feature_cache.h"

#include "core/error.h"

#include <ATen/ops/from_blob.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace vremd::train {

namespace {

// Network file systems know no O_TMPFILE: there a file that loses its name at once.
int unnamed_file(const std::string& folder) {
  const int file = open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (file >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT)) return file;
  std::string name = folder + "/features.XXXXXX";
  const int named = mkostemp(name.data(), O_CLOEXEC);
  if (named >= 0) unlink(name.c_str());
  return named;
}

}  // namespace

FeatureCache::FeatureCache(const std::string& folder, std::int64_t samples, int variants,
                           std::array<std::int64_t, 3> shape, at::ScalarType dtype)
    : variants_(variants), shape_(shape), dtype_(dtype) {
  entry_bytes_ = static_cast<std::size_t>(shape[0] * shape[1] * shape[2]) * c10::elementSize(dtype);
  const std::size_t entries = entry(samples, 0);
  bytes_ = entries * entry_bytes_;
  const int file = unnamed_file(folder);
  if (file < 0) fail("{}: cannot keep features here: {}", folder, std::strerror(errno));
  // All of it at once: a disk that fills up later would end the process.
  const int error = posix_fallocate(file, 0, static_cast<off_t>(bytes_));
  void* mapped =
      error ? MAP_FAILED : mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  const int why = error ? error : errno;
  close(file);
  if (mapped == MAP_FAILED) {
    fail("{}: no room for the features of {} samples, {:.1f} GB (train.cache_features): {}", folder,
         entries, static_cast<double>(bytes_) * 1e-9, std::strerror(why));
  }
  data_ = static_cast<std::byte*>(mapped);
  there_ = std::make_unique<std::atomic<bool>[]>(entries);
}

FeatureCache::~FeatureCache() { munmap(data_, bytes_); }

at::Tensor FeatureCache::view(std::size_t entry) const {
  return at::from_blob(data_ + entry * entry_bytes_, shape_, at::TensorOptions(dtype_));
}

at::Tensor FeatureCache::get(std::int64_t sample, int variant) const {
  return view(entry(sample, variant)).to(at::kFloat, /*non_blocking=*/false, /*copy=*/true);
}

void FeatureCache::put(std::int64_t sample, int variant, const at::Tensor& features) {
  const std::size_t at = entry(sample, variant);
  view(at).copy_(features);
  there_[at] = true;
}

at::Tensor FeatureCache::rounded(const at::Tensor& features) const {
  return features.to(at::kCPU, dtype_).to(at::kFloat);
}

}  // namespace vremd::train
