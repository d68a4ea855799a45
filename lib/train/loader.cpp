// SPDX-License-Identifier: Apache-2.0
#include "train/loader.h"

#include "ops/device.h"

#include <chrono>
#include <stdexcept>

namespace vremd::train {

BatchLoader::BatchLoader(Make make, std::int64_t first, std::int64_t last, int threads, int ahead)
    : make_(std::move(make)),
      next_(first),
      last_(last),
      arena_(threads, /*reserved_for_masters=*/0) {
  const std::lock_guard lock(mutex_);
  for (int i = 0; i < ahead; ++i) start_one();
}

BatchLoader::~BatchLoader() {
  stopped_ = true;
  arena_.execute([this] { tasks_.wait(); });
}

void BatchLoader::start_one() {
  if (next_ == last_) return;
  const std::int64_t index = next_++;
  auto task = std::make_shared<std::packaged_task<TrainBatch()>>([this, index] {
    if (stopped_) throw std::runtime_error("the loader was stopped");
    ops::prepare_worker();
    return make_(index);
  });
  waiting_.emplace(index, task->get_future());
  arena_.enqueue(tasks_.defer([task] { (*task)(); }));
}

TrainBatch BatchLoader::take(std::int64_t index) {
  std::future<TrainBatch> batch;
  {
    const std::lock_guard lock(mutex_);
    const auto found = waiting_.find(index);
    if (found == waiting_.end()) throw std::logic_error("a batch was taken twice or too early");
    batch = std::move(found->second);
    waiting_.erase(found);
    start_one();
  }
  const auto start = std::chrono::steady_clock::now();
  batch.wait();
  waited_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return batch.get();
}

}  // namespace vremd::train
