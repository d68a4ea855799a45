// SPDX-License-Identifier: Apache-2.0
#include "parallel/ordered_pipeline.h"

#include <tbb/global_control.h>
#include <tbb/parallel_pipeline.h>
#include <tbb/task_arena.h>
#include <tbb/task_scheduler_observer.h>

#include <atomic>
#include <cstdint>

#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#endif

namespace vremd::parallel {
namespace {

using TokenPtr = std::shared_ptr<void>;

// For ThreadSanitizer, which does not see how TBB does it: what was done before one thread hands
// something over has been done when another one takes it over. Null: nothing.
void hand_over([[maybe_unused]] const void* what) {
#ifdef __SANITIZE_THREAD__
  if (what) __tsan_release(const_cast<void*>(what));
#endif
}
void take_over([[maybe_unused]] const void* what) {
#ifdef __SANITIZE_THREAD__
  if (what) __tsan_acquire(const_cast<void*>(what));
#endif
}

// What TBB guarantees of the stages: those that are serial have one turn after the other, as has
// each token, and all have theirs while the thread that made this object waits.
struct PipelineTurns {
  PipelineTurns() { hand_over(&begin); }
  ~PipelineTurns() { take_over(&end); }

  struct Turn {
    // `stage`: null if several threads run it at a time.
    Turn(const PipelineTurns& of, const void* stage, const void* token)
        : turns(of), serial(stage), worked_on(token) {
      take_over(&turns.begin);
      take_over(serial);
      take_over(worked_on);
    }
    ~Turn() {
      hand_over(worked_on);
      hand_over(serial);
      hand_over(&turns.end);
    }

    const PipelineTurns& turns;
    const void *serial, *worked_on;
  };

  char begin = 0, reading = 0, working = 0, writing = 0, end = 0;
};

// Prepares each thread when it first enters the arena, including those that only run loops within a
// stage.
class ThreadPreparation : public tbb::task_scheduler_observer {
 public:
  ThreadPreparation(tbb::task_arena& arena, const std::function<void()>& prepare)
      : tbb::task_scheduler_observer(arena), prepare_(prepare) {
    hand_over(this);
    if (prepare_) observe(true);
  }
  ~ThreadPreparation() override {
    observe(false);
    take_over(&run_);
  }

  void on_scheduler_entry(bool) override {
    take_over(this);
    thread_local std::int64_t prepared_for = 0;
    if (prepared_for == run_) return;
    prepared_for = run_;
    prepare_();
    hand_over(&run_);
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
  const PipelineTurns turns;
  const auto read = [&](tbb::flow_control& control) {
    const PipelineTurns::Turn turn(turns, &turns.reading, nullptr);
    TokenPtr token = guarded(stages.read);
    if (!token) control.stop();
    hand_over(token.get());
    return token;
  };
  const auto work = [&](TokenPtr token) {
    const PipelineTurns::Turn turn(turns, options.parallel ? nullptr : &turns.working, token.get());
    guarded([&] { stages.work(token.get()); });
    return token;
  };
  const auto write = [&](const TokenPtr& token) {
    const PipelineTurns::Turn turn(turns, &turns.writing, token.get());
    guarded([&] { stages.write(token.get()); });
  };

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
