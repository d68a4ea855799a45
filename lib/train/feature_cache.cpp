// SPDX-License-Identifier: Apache-2.0
#include "train/feature_cache.h"

#include "core/error.h"
#include "io/mapped_file.h"
#include "io/output_file.h"
#include "model/weights.h"

#include <ATen/Functions.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

namespace vremd::train {
namespace {

// Network file systems lack O_TMPFILE: use a named file and unlink it at once.
int unnamed_file(const std::string& folder) {
  const int file = open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (file >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT)) return file;
  std::string name = folder + "/features.XXXXXX";
  const int named = mkostemp(name.data(), O_CLOEXEC);
  if (named >= 0) unlink(name.c_str());
  return named;
}

// Reads the features that are still missing, if stored.
void read_features(TrainBatch& batch, const FeatureCache& cache) {
  std::erase_if(batch.unread, [&](std::int64_t row) {
    const int sample = batch.samples[row];
    if (!cache.has(sample, batch.variant)) return false;
    batch.features[row].copy_(cache.get(sample, batch.variant));
    return true;
  });
}

std::string file_name(const TrainConfig& config, const data::TrainSet& set,
                      const model::VremdImpl& model, std::int64_t frames) {
  Json json = config.to_json();
  const Json decisive{{"input", json["model"]["input"]},
                      {"geometry", json["model"]["geometry"]},
                      {"joints", json["model"]["model"]["joints"]},
                      {"prior", json["model"]["model"]["prior"]},
                      {"backbone", json["model"]["backbone"]},
                      {"frames", frames},
                      {"projected", model.project_features},
                      {"aug", json["aug"]},
                      {"seed", config.train.seed},
                      {"amp", json["train"]["amp"]},
                      {"variants", config.train.cache_features}};
  std::string all = decisive.dump();
  for (const data::TrainSample& sample : set.samples()) {
    const annotation::AnnotatedVideo& video = set.videos()[sample.video];
    const annotation::AnnotatedFrame& frame = video.frames[sample.frame];
    all += fmt::format("\n{} {} {} {} {} {} {} {}", video.path, frame.file_name, frame.index,
                       set.stride(sample), sample.box.x, sample.box.y, sample.box.w, sample.box.h);
    for (const data::JointLabel& joint : sample.joints) {
      all += fmt::format(" {} {} {}", joint.x, joint.y, joint.weight);
    }
  }
  for (const auto& [name, tensor] : model::state_of(model)) {
    const bool used = name.starts_with("backbone.") || name.starts_with("prior.backbone.") ||
                      (model.project_features && name.starts_with("proj."));
    if (!used) continue;
    const at::Tensor values = tensor.detach().to(at::kCPU).contiguous();
    all += name;
    all.append(static_cast<const char*>(values.const_data_ptr()), values.nbytes());
  }
  return "features-" + io::sha256(std::as_bytes(std::span(all))).substr(0, 16);
}

}  // namespace

FeatureCache::FeatureCache(const std::string& folder, const std::string& name, std::int64_t samples,
                           int variants, std::array<std::int64_t, 3> shape, at::ScalarType dtype)
    : variants_(variants), shape_(shape), dtype_(dtype) {
  entry_bytes_ = static_cast<std::size_t>(shape[0] * shape[1] * shape[2]) * c10::elementSize(dtype);
  entries_ = entry(samples, 0);
  bytes_ = entries_ * (entry_bytes_ + 1);
  const std::string path = folder + "/" + name;
  const int file =
      name.empty() ? unnamed_file(folder) : open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (file < 0) fail("{}: cannot keep features here: {}", folder, std::strerror(errno));
  // Preallocated: a disk that fills up later would kill the process (SIGBUS).
  const int error = posix_fallocate(file, 0, static_cast<off_t>(bytes_));
  void* mapped =
      error ? MAP_FAILED : mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  const int why = error ? error : errno;
  close(file);
  if (mapped == MAP_FAILED) {
    fail("{}: no room for the features of {} samples, {:.1f} GB (train.cache_features): {}", folder,
         entries_, static_cast<double>(bytes_) * 1e-9, std::strerror(why));
  }
  data_ = static_cast<std::byte*>(mapped);
}

FeatureCache::FeatureCache(FeatureCache&& other) noexcept
    : variants_(other.variants_),
      key_frames_(other.key_frames_),
      shape_(other.shape_),
      dtype_(other.dtype_),
      entry_bytes_(other.entry_bytes_),
      entries_(other.entries_),
      bytes_(other.bytes_),
      data_(std::exchange(other.data_, nullptr)) {}

FeatureCache::~FeatureCache() {
  if (data_) munmap(data_, bytes_);
}

void FeatureCache::use_key_frames() { key_frames_ = true; }

at::Tensor FeatureCache::view(std::size_t entry) const {
  return at::from_blob(data_ + entry * entry_bytes_, shape_, at::TensorOptions(dtype_));
}

at::Tensor FeatureCache::get(std::int64_t sample, int variant) const {
  at::Tensor features = view(entry(sample, variant));
  if (key_frames_) features = features.slice(0, shape_[0] / 2, shape_[0] / 2 + 1);
  return features.to(at::kFloat, /*non_blocking=*/false, /*copy=*/true);
}

void FeatureCache::put(std::int64_t sample, int variant, const at::Tensor& features) {
  const std::size_t at = entry(sample, variant);
  view(at).copy_(features);
  flag(at).store(1);
}

std::vector<bool> FeatureCache::stored() const {
  std::vector<bool> result(entries_);
  for (std::size_t i = 0; i < entries_; ++i) result[i] = flag(i).load() != 0;
  return result;
}

at::Tensor FeatureCache::rounded(const at::Tensor& features) const {
  return features.to(at::kCPU, dtype_).to(at::kFloat);
}

FeatureCache open_features(const TrainConfig& config, const data::TrainSet& set,
                           const model::VremdImpl& model, const std::string& output) {
  const std::string& kept = config.train.feature_folder;
  const auto cache_of = [&](std::int64_t frames, const std::string& name) {
    const std::int64_t tokens = std::int64_t{config.model.tokens_h()} * config.model.tokens_w();
    return FeatureCache(kept.empty() ? output : kept, name, std::ssize(set.samples()),
                        config.train.cache_features, {frames, tokens, model.feature_channels()},
                        config.train.amp == Amp::kFp32 ? at::kFloat : at::kBFloat16);
  };
  if (kept.empty()) return cache_of(config.model.frames(), "");
  io::make_folder(kept);
  if (config.model.frames() == 1) {
    const std::string of_triplets = file_name(config, set, model, 3);
    if (std::filesystem::exists(kept + "/" + of_triplets)) {
      FeatureCache triplets = cache_of(3, of_triplets);
      const std::vector<bool> stored = triplets.stored();
      if (std::ranges::find(stored, false) == stored.end()) {
        triplets.use_key_frames();
        return triplets;
      }
    }
  }
  return cache_of(config.model.frames(), file_name(config, set, model, config.model.frames()));
}

TrainBatch make_cached_batch(data::TrainSet& set, const BatchPlan& plan, const TrainConfig& config,
                             FeatureCache& cache) {
  TrainBatch batch = make_batch(set, plan, config.model, &config.aug);
  batch.uses = plan.uses;
  batch.variant = static_cast<int>(plan.epoch);
  const auto shape = cache.shape();
  batch.features = at::empty({std::ssize(batch.samples), shape[0], shape[1], shape[2]}, at::kFloat);
  for (std::int64_t row = 0; row < std::ssize(batch.samples); ++row) {
    if (plan.uses[row] == FeatureUse::kRead) batch.unread.push_back(row);
  }
  read_features(batch, cache);
  return batch;
}

void complete_features(TrainBatch& batch, const at::Tensor& fresh, FeatureCache& cache) {
  at::NoGradGuard no_grad;
  for (std::size_t m = 0; m < batch.with_crops.size(); ++m) {
    const std::int64_t row = batch.with_crops[m];
    const at::Tensor rounded = cache.rounded(fresh[static_cast<std::int64_t>(m)]);
    if (batch.uses[row] == FeatureUse::kStore) {
      cache.put(batch.samples[row], batch.variant, rounded);
    }
    batch.features[row].copy_(rounded);
  }
  read_features(batch, cache);
  TORCH_CHECK(batch.unread.empty(), "features are read before they are stored");
}

}  // namespace vremd::train
