// SPDX-License-Identifier: Apache-2.0
#include "parallel/ordered_pipeline.h"

#include <tbb/global_control.h>
#include <tbb/parallel_pipeline.h>
#include <tbb/task_arena.h>
#include <tbb/task_scheduler_observer.h>

#include <atomic>
#include <cstdint>

namespace vremd::parallel {
namespace {

using TokenPtr = std::shared_ptr<void>;

// Prepares each thread when it first enters the arena, including those that only run loops within a
// stage.
class ThreadPreparation : public tbb::task_scheduler_observer {
 public:
  ThreadPreparation(tbb::task_arena& arena, const std::function<void()>& prepare)
      : tbb::task_scheduler_observer(arena), prepare_(prepare) {
    if (prepare_) observe(true);
  }
  ~ThreadPreparation() override { observe(false); }

  void on_scheduler_entry(bool) override {
    thread_local std::int64_t prepared_for = 0;
    if (prepared_for == run_) return;
    prepared_for = run_;
    prepare_();
  }

 private:
  static inline std::atomic<std::int64_t> runs_ = 0;
  const std::int64_t run_ = ++runs_;
  const std::function<void()>& prepare_;
};

}  // namespace

void run_ordered(const PipelineStages& stages, const PipelineOptions& options) {
  using tbb::filter_mode;
  const auto guarded = [&](const auto& stage) {
    try {
      return stage();
    } catch (...) {
      if (options.cancel) options.cancel();
      throw;
    }
  };
  const auto read = [&](tbb::flow_control& control) {
    TokenPtr token = guarded(stages.read);
    if (!token) control.stop();
    return token;
  };
  const auto work = [&](TokenPtr token) {
    guarded([&] { stages.work(token.get()); });
    return token;
  };
  const auto write = [&](const TokenPtr& token) { guarded([&] { stages.write(token.get()); }); };

  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism,
                                  static_cast<std::size_t>(options.threads));
  tbb::task_arena arena(options.threads);
  const ThreadPreparation preparation(arena, options.prepare_thread);
  arena.execute([&] {
    tbb::parallel_pipeline(
        options.tokens,
        tbb::make_filter<void, TokenPtr>(filter_mode::serial_in_order, read) &
            tbb::make_filter<TokenPtr, TokenPtr>(
                options.parallel ? filter_mode::parallel : filter_mode::serial_in_order, work) &
            tbb::make_filter<TokenPtr, void>(filter_mode::serial_in_order, write));
  });
}

}  // namespace vremd::parallel
