// SPDX-License-Identifier: Apache-2.0
#include "device/deferred_device.h"

#include "core/text.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <new>
#include <stdexcept>
#include <utility>

namespace vremd::device {
namespace {

constexpr std::align_val_t kAlignment{64};  // LibTorch's, on which the order of sums may depend
constexpr int kPoison = 0xff;

template <typename T>
std::optional<T> number_of_environment(const char* name) {
  const char* text = std::getenv(name);
  if (!text) return std::nullopt;
  const auto number = number_from<T>(text);
  if (!number || *number < 0) fail("{}: '{}' is not a number", name, excerpt(text));
  return number;
}

}  // namespace

DeferredOptions deferred_options_of_environment() {
  DeferredOptions options;
  options.seed = static_cast<std::uint64_t>(
      number_of_environment<std::int64_t>("VREMD_HOST_ASYNC_SEED").value_or(0));
  options.failing_allocation = number_of_environment<int>("VREMD_HOST_ASYNC_FAIL");
  return options;
}

class DeferredDevice::DeferredBuffer : public Buffer {
 public:
  DeferredBuffer(DeferredDevice& device, Memory memory, std::size_t bytes)
      : device_(device), memory_(memory) {
    data_ = static_cast<std::byte*>(::operator new(bytes, kAlignment));
    size_ = bytes;
    poison(bytes);
  }

  ~DeferredBuffer() override {
    std::unique_lock lock(device_.mutex_);
    if (uses > 0) {
      device_.fault(std::make_exception_ptr(
          std::logic_error("a buffer is destroyed, and a copy of it is enqueued")));
      device_.advanced_.wait(lock, [&] { return !device_.working_; });
    }
    lock.unlock();
    ::operator delete(data_, kAlignment);
  }

  void poison(std::size_t bytes) const { std::memset(data_, kPoison, bytes); }
  Memory memory() const { return memory_; }

  int uses = 0;  // copies that are enqueued

 private:
  DeferredDevice& device_;
  Memory memory_;
};

class DeferredDevice::DeferredEvent : public Event {
 public:
  explicit DeferredEvent(DeferredDevice& device) : device_(device) {}

  void wait() override {
    std::unique_lock lock(device_.mutex_);
    if (last) device_.wait_for(last, lock);
  }

  RecordPtr last;  // null: never recorded

 private:
  DeferredDevice& device_;
};

class DeferredDevice::DeferredStream : public Stream {
 public:
  DeferredStream(DeferredDevice& device, std::shared_ptr<Queue> queue)
      : device_(device), queue_(std::move(queue)) {}

  ~DeferredStream() override {
    const std::lock_guard lock(device_.mutex_);
    if (queue_->works.empty()) std::erase(device_.queues_, queue_);
  }

  void copy(const Buffer& to, const Buffer& from, std::size_t bytes) override {
    auto& target = dynamic_cast<DeferredBuffer&>(const_cast<Buffer&>(to));
    auto& source = dynamic_cast<DeferredBuffer&>(const_cast<Buffer&>(from));
    if (bytes > std::min(to.size(), from.size())) {
      throw std::logic_error("a copy is larger than its buffers");
    }
    std::unique_lock lock(device_.mutex_);
    // Only the host may read it meanwhile, which would be too early.
    if (target.memory() == Memory::kPinned && target.uses == 0) target.poison(bytes);
    ++target.uses;
    ++source.uses;
    const auto copy = [&target, &source, bytes] {
      std::memcpy(target.as<>(), source.as<>(), bytes);
    };
    device_.enqueue(*queue_, {.work = copy, .buffers = {&target, &source}}, lock);
  }

  void run(std::function<void()> work) override {
    std::unique_lock lock(device_.mutex_);
    device_.allocate();
    device_.enqueue(*queue_, {.work = std::move(work)}, lock);
  }

  void record(Event& event) override {
    std::unique_lock lock(device_.mutex_);
    auto& last = dynamic_cast<DeferredEvent&>(event).last;
    last = std::make_shared<Record>();
    device_.enqueue(*queue_, {.completed = last}, lock);
  }

  void wait(const Event& event) override {
    std::unique_lock lock(device_.mutex_);
    const auto& last = dynamic_cast<const DeferredEvent&>(event).last;
    if (!last) throw std::logic_error("a stream waits for an event that was not recorded");
    device_.enqueue(*queue_, {.awaited = last}, lock);
  }

 private:
  DeferredDevice& device_;
  std::shared_ptr<Queue> queue_;
};

DeferredDevice::DeferredDevice(DeferredOptions options)
    : options_(std::move(options)), random_(options_.seed) {
  constexpr std::array kEagerness{0.0, 0.125, 0.25, 0.75};
  eagerness_ = kEagerness[options_.seed % kEagerness.size()];
  thread_ = std::jthread([this] { work(); });
}

DeferredDevice::~DeferredDevice() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  wanted_.notify_all();
}

std::unique_ptr<Stream> DeferredDevice::make_stream() {
  const std::lock_guard lock(mutex_);
  queues_.push_back(std::make_shared<Queue>());
  queues_.back()->priority = random_();
  return std::make_unique<DeferredStream>(*this, queues_.back());
}

std::unique_ptr<Event> DeferredDevice::make_event() {
  return std::make_unique<DeferredEvent>(*this);
}

std::unique_ptr<Buffer> DeferredDevice::make_buffer(Memory memory, std::size_t bytes) {
  {
    const std::lock_guard lock(mutex_);
    allocate();
  }
  return std::make_unique<DeferredBuffer>(*this, memory, bytes);
}

void DeferredDevice::synchronize() {
  std::unique_lock lock(mutex_);
  std::vector<RecordPtr> ends;
  for (const auto& queue : queues_) {
    ends.push_back(std::make_shared<Record>());
    queue->works.push_back({.completed = ends.back()});
  }
  for (const RecordPtr& end : ends) wait_for(end, lock);
}

void DeferredDevice::allocate() {
  if (allocations_++ == options_.failing_allocation) throw OutOfMemory("out of memory");
}

// Whatever is enqueued will not be done.
void DeferredDevice::fault(std::exception_ptr exception) {
  if (!fault_) fault_ = std::move(exception);
  for (const auto& queue : queues_) queue->works.clear();
  advanced_.notify_all();
}

void DeferredDevice::enqueue(Queue& queue, Work work, std::unique_lock<std::mutex>& lock) {
  if (fault_) return;  // the next wait throws
  queue.works.push_back(std::move(work));
  if (!chance(random_, eagerness_)) return;
  allowed_ += 1 + below(random_, 4);
  wanted_.notify_one();
  advanced_.wait(lock, [this] { return allowed_ == 0 || fault_; });
}

void DeferredDevice::wait_for(const RecordPtr& record, std::unique_lock<std::mutex>& lock) {
  awaited_.push_back(record);
  wanted_.notify_one();
  advanced_.wait(lock, [&] { return record->done || fault_; });
  std::erase(awaited_, record);
  if (fault_) std::rethrow_exception(fault_);
}

bool DeferredDevice::is_wanted() const {
  return allowed_ > 0 ||
         std::ranges::any_of(awaited_, [](const RecordPtr& one) { return !one->done; });
}

// The queue of the highest priority that has work that may be done; null: none has.
DeferredDevice::Queue* DeferredDevice::choose() {
  if (!queues_.empty() && chance(random_, 0.125)) {
    queues_[below(random_, queues_.size())]->priority = random_();
  }
  Queue* chosen = nullptr;
  for (const auto& queue : queues_) {
    if (queue->works.empty()) continue;
    const RecordPtr& awaited = queue->works.front().awaited;
    if (awaited && !awaited->done) continue;
    if (!chosen || queue->priority > chosen->priority) chosen = queue.get();
  }
  return chosen;
}

void DeferredDevice::work() {
  options_.prepare_thread();
  std::unique_lock lock(mutex_);
  for (;;) {
    wanted_.wait(lock, [this] { return stopping_ || (is_wanted() && !fault_); });
    if (stopping_) return;
    Queue* queue = choose();
    if (!queue) {
      // An event is recorded before anyone waits for it, so that only what is allowed can be idle.
      allowed_ = 0;
      advanced_.notify_all();
      continue;
    }
    const Work next = std::move(queue->works.front());
    queue->works.pop_front();
    if (next.work) {
      working_ = true;
      lock.unlock();
      std::exception_ptr thrown;
      try {
        next.work();
      } catch (...) {
        thrown = std::current_exception();
      }
      lock.lock();
      working_ = false;
      if (thrown) fault(thrown);
    }
    for (DeferredBuffer* buffer : next.buffers) --buffer->uses;
    if (next.completed) next.completed->done = true;
    if (allowed_ > 0) --allowed_;
    advanced_.notify_all();
  }
}

}  // namespace vremd::device
