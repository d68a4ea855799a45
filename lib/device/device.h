// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a pipeline needs of a GPU: streams, events, memory and copies. The host enqueues work and
// goes on; work of one stream is done in order, that of several streams in any order that their
// events allow.

#include "core/error.h"

#include <cstddef>
#include <functional>
#include <memory>

namespace vremd::device {

struct OutOfMemory : Error {
  using Error::Error;
};

// kPinned is memory of the host that the device copies from and to by itself. The host may not
// touch it while such a copy is enqueued, and no other work uses it.
enum class Memory { kDevice, kPinned };

// May be destroyed when no enqueued work uses it. Its contents are undefined until written.
class Buffer {
 public:
  virtual ~Buffer() = default;
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  // An address of the device, or of the host if pinned; aligned for vectors.
  template <typename T = std::byte>
  T* as() const {
    return reinterpret_cast<T*>(data_);
  }
  std::size_t size() const { return size_; }  // bytes

 protected:
  Buffer() = default;
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

// A point in the work of a stream.
class Event {
 public:
  virtual ~Event() = default;

  // The host waits for the work enqueued before the last Stream::record(). Returns at once if there
  // was none. An exception of enqueued work is thrown here, from then on by every wait.
  virtual void wait() = 0;
};

// May be used from several threads, one at a time.
class Stream {
 public:
  virtual ~Stream() = default;

  // The first `bytes` of both; one of them is pinned.
  virtual void copy(const Buffer& to, const Buffer& from, std::size_t bytes) = 0;

  // A GPU calls `work` at once, on this thread and with this stream as LibTorch's current one, to
  // enqueue kernels; the deferred device calls it later, from a thread of its own. So it must not
  // wait, and whatever it refers to must live until it is done. OutOfMemory: nothing that it would
  // have computed is defined; call it again.
  virtual void run(std::function<void()> work) = 0;

  virtual void record(Event& event) = 0;

  // Later work of this stream waits for the last record() of `event`, which must have been called.
  virtual void wait(const Event& event) = 0;
};

// Outlives its streams, events and buffers. May be used from several threads.
class Device {
 public:
  virtual ~Device() = default;
  virtual std::unique_ptr<Stream> make_stream() = 0;
  virtual std::unique_ptr<Event> make_event() = 0;
  virtual std::unique_ptr<Buffer> make_buffer(Memory memory, std::size_t bytes) = 0;  // OutOfMemory

  virtual void synchronize() = 0;  // the host waits for all work; throws as Event::wait()
  virtual void trim() = 0;         // returns memory that is kept for later use
};

}  // namespace vremd::device
