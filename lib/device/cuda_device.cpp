// SPDX-License-Identifier: Apache-2.0
#include "device/cuda_device.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <c10/util/Exception.h>

#include <cuda_runtime_api.h>

#include <utility>

namespace vremd::device {
namespace {

template <typename Call>
decltype(auto) with_memory_errors(const Call& call) {
  try {
    return call();
  } catch (const c10::OutOfMemoryError& error) {
    throw OutOfMemory(error.what_without_backtrace());
  }
}

class CudaBuffer : public Buffer {
 public:
  CudaBuffer(const at::TensorOptions& options, std::size_t bytes) {
    bytes_ = with_memory_errors(
        [&] { return at::empty({static_cast<std::int64_t>(bytes)}, options.dtype(at::kByte)); });
    data_ = static_cast<std::byte*>(bytes_.data_ptr());
    size_ = bytes;
  }

 private:
  at::Tensor bytes_;
};

class CudaEvent : public Event {
 public:
  // A host that waits sleeps: it has better things to do with its cores than to poll.
  explicit CudaEvent(c10::DeviceIndex index) {
    const c10::cuda::CUDAGuard guard(index);
    C10_CUDA_CHECK(
        cudaEventCreateWithFlags(&event, cudaEventDisableTiming | cudaEventBlockingSync));
  }
  ~CudaEvent() override { cudaEventDestroy(event); }

  void wait() override { C10_CUDA_CHECK(cudaEventSynchronize(event)); }

  cudaEvent_t event = nullptr;
};

// From LibTorch's pool, whose streams do not wait for the default stream.
class CudaStream : public Stream {
 public:
  explicit CudaStream(c10::DeviceIndex index)
      : stream_(c10::cuda::getStreamFromPool(/*isHighPriority=*/false, index)) {}

  void copy(const Buffer& to, const Buffer& from, std::size_t bytes) override {
    const c10::cuda::CUDAStreamGuard guard(stream_);
    C10_CUDA_CHECK(
        cudaMemcpyAsync(to.as<>(), from.as<>(), bytes, cudaMemcpyDefault, stream_.stream()));
  }

  void run(std::function<void()> work) override {
    const c10::cuda::CUDAStreamGuard guard(stream_);
    with_memory_errors(work);
  }

  void record(Event& event) override {
    const c10::cuda::CUDAStreamGuard guard(stream_);
    C10_CUDA_CHECK(cudaEventRecord(dynamic_cast<CudaEvent&>(event).event, stream_.stream()));
  }

  void wait(const Event& event) override {
    const c10::cuda::CUDAStreamGuard guard(stream_);
    C10_CUDA_CHECK(
        cudaStreamWaitEvent(stream_.stream(), dynamic_cast<const CudaEvent&>(event).event));
  }

 private:
  c10::cuda::CUDAStream stream_;
};

class CudaDevice : public Device {
 public:
  explicit CudaDevice(int index) : index_(static_cast<c10::DeviceIndex>(index)) { synchronize(); }

  std::unique_ptr<Stream> make_stream() override { return std::make_unique<CudaStream>(index_); }
  std::unique_ptr<Event> make_event() override { return std::make_unique<CudaEvent>(index_); }

  std::unique_ptr<Buffer> make_buffer(Memory memory, std::size_t bytes) override {
    const c10::cuda::CUDAGuard guard(index_);
    const at::TensorOptions options = memory == Memory::kPinned
                                          ? at::TensorOptions().pinned_memory(true)
                                          : at::TensorOptions(c10::Device(c10::kCUDA, index_));
    return std::make_unique<CudaBuffer>(options, bytes);
  }

  void synchronize() override {
    const c10::cuda::CUDAGuard guard(index_);
    c10::cuda::device_synchronize();
  }

  void trim() override { c10::cuda::CUDACachingAllocator::emptyCache(); }

 private:
  c10::DeviceIndex index_;
};

}  // namespace

std::unique_ptr<Device> make_cuda_device(int index) { return std::make_unique<CudaDevice>(index); }

}  // namespace vremd::device
