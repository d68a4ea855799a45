// SPDX-License-Identifier: Apache-2.0
#include "train/loader.h"

#include "ops/device.h"

#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>

#include <atomic>
#include <chrono>
#include <future>
#include <map>
#include <mutex>
#include <stdexcept>

namespace vremd::train {

struct BatchLoader::Impl {
  Make make;
  std::int64_t next, last;
  std::mutex mutex;
  std::map<std::int64_t, std::future<TrainBatch>> waiting;
  std::atomic<bool> stopped = false;
  std::atomic<double> waited = 0;
  oneapi::tbb::task_arena arena;
  oneapi::tbb::task_group tasks;

  Impl(Make m, std::int64_t first, std::int64_t end, int threads)
      : make(std::move(m)), next(first), last(end), arena(threads, /*reserved_for_masters=*/0) {}

  // With the mutex held.
  void start_one() {
    if (next == last) return;
    const std::int64_t index = next++;
    auto task = std::make_shared<std::packaged_task<TrainBatch()>>([this, index] {
      if (stopped) throw std::runtime_error("the loader was stopped");
      ops::prepare_worker();
      return make(index);
    });
    waiting.emplace(index, task->get_future());
    arena.enqueue(tasks.defer([task] { (*task)(); }));
  }
};

BatchLoader::BatchLoader(Make make, std::int64_t first, std::int64_t last, int threads, int ahead)
    : impl_(std::make_unique<Impl>(std::move(make), first, last, threads)) {
  const std::lock_guard lock(impl_->mutex);
  for (int i = 0; i < ahead; ++i) impl_->start_one();
}

BatchLoader::~BatchLoader() {
  impl_->stopped = true;
  impl_->arena.execute([this] { impl_->tasks.wait(); });
}

TrainBatch BatchLoader::take(std::int64_t index) {
  std::future<TrainBatch> batch;
  {
    const std::lock_guard lock(impl_->mutex);
    const auto found = impl_->waiting.find(index);
    if (found == impl_->waiting.end()) {
      throw std::logic_error("a batch was taken twice or too early");
    }
    batch = std::move(found->second);
    impl_->waiting.erase(found);
    impl_->start_one();
  }
  const auto start = std::chrono::steady_clock::now();
  batch.wait();
  impl_->waited += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return batch.get();
}

double BatchLoader::seconds_waited() const { return impl_->waited; }

}  // namespace vremd::train
