// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/random.h"
#include "device/device.h"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace vremd::device {

struct DeferredOptions {
  std::uint64_t seed = 0;                   // of the order of work
  std::optional<int> failing_allocation{};  // this make_buffer() or run(), from 0: OutOfMemory
  std::function<void()> prepare_thread = [] {};
};

// VREMD_HOST_ASYNC_SEED and VREMD_HOST_ASYNC_FAIL; the latter counts from 0. Error: not a number.
DeferredOptions deferred_options_of_environment();

// A device on the host, for tests: it does work as late, or as early, and in as unusual an order as
// streams and events allow, so that a mistake that a fast GPU hides changes a result.
//
// A thread of its own does the work, one piece at a time: as much as a waiting host needs and no
// more, and, for some seeds, some at each call. Streams have random priorities, which change now
// and then. (So a stream is often far ahead of another one, which a fair choice would rarely let
// happen.) The order depends on the seed and the order of calls only.
//
// New memory is filled with 0xff, which is NaN, and so is pinned memory that a copy will write to.
// A buffer that is destroyed while a copy of it is enqueued, and a wait for an event that nobody
// recorded, are std::logic_errors.
class DeferredDevice : public Device {
 public:
  explicit DeferredDevice(DeferredOptions options);
  ~DeferredDevice() override;

  std::unique_ptr<Stream> make_stream() override;
  std::unique_ptr<Event> make_event() override;
  std::unique_ptr<Buffer> make_buffer(Memory memory, std::size_t bytes) override;
  void synchronize() override;
  void trim() override {}

 private:
  class DeferredBuffer;
  class DeferredEvent;
  class DeferredStream;

  struct Record {
    bool done = false;
  };
  using RecordPtr = std::shared_ptr<Record>;

  // A piece of work: awaits, then works, then completes.
  struct Work {
    RecordPtr awaited{};
    std::function<void()> work{};
    RecordPtr completed{};
    std::vector<DeferredBuffer*> buffers{};
  };
  struct Queue {
    std::deque<Work> works;
    std::uint64_t priority = 0;
  };

  void enqueue(Queue& queue, Work work, std::unique_lock<std::mutex>& lock);
  void wait_for(const RecordPtr& record, std::unique_lock<std::mutex>& lock);
  void allocate();  // counts and fails
  void fault(std::exception_ptr exception);
  bool is_wanted() const;
  Queue* choose();
  void work();

  const DeferredOptions options_;
  Random random_;
  double eagerness_;  // chance that a call lets work be done
  int allocations_ = 0;

  std::mutex mutex_;
  std::condition_variable wanted_, advanced_;
  std::vector<std::shared_ptr<Queue>> queues_;
  std::vector<RecordPtr> awaited_;  // by the host
  std::uint64_t allowed_ = 0;       // pieces of work that may be done though nobody waits
  bool working_ = false, stopping_ = false;
  std::exception_ptr fault_;
  std::jthread thread_;
};

}  // namespace vremd::device
