// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "device/device.h"
#include "pipeline/pose_crops.h"
#include "pipeline/pose_network.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <vector>

namespace vremd::pipeline {

// Persons -> keypoints on a device with streams (METHOD 11.6).
//
// People of all callers fill batches of batch_size. While one batch is computed, the next one is
// ready on the device, and the pictures of a third are uploaded and cropped. Callers wait for
// pictures to be uploaded and for a free batch, the device for nothing but its own work: a thread
// of this object collects results as soon as they are there.
//
// Batches have a fixed size, padded if necessary, so that the keypoints of a person do not depend
// on the others; on the CPU (DeferredDevice) the network sees one crop and one person at a time.
// If memory runs out, batches of half the size are computed from then on: once.
class DeviceEstimator {
 public:
  using Clock = std::chrono::steady_clock;

  // `patience`: a batch that is not full is computed if nobody was added for so long.
  DeviceEstimator(PoseNetwork& network, std::unique_ptr<device::Device> device,
                  Clock::duration patience = std::chrono::milliseconds(50));
  ~DeviceEstimator();

  // The results of one submit().
  struct Request {
    std::vector<float> joints;          // [person][joint][PoseNetwork::joint_floats()]
    std::vector<NamedTensors> tensors;  // of each person, with `keep`
    std::size_t open = 0;               // people without results
  };

  // Uploads the people's crops, after which their frames are not needed. May be called from several
  // threads, as the other functions.
  std::shared_ptr<Request> submit(std::span<Person> persons, bool keep);

  void flush();  // computes the batch that is not full

  // Waits for the results, and puts them into the people that were submitted.
  void complete(Request& request, std::span<Person> persons, const Dump& dump);

  std::size_t batches() const { return batches_; }

 private:
  struct Picture;
  struct Batch;

  void allocate();
  template <typename Call>
  void with_memory(const Call& call);
  Batch& filling_batch();
  void add(Batch& batch, std::span<Person* const> persons);
  void upload(Batch& batch, std::span<const ops::CropRequest> crops);
  void launch();
  void launch_rest();
  void compute(Batch& batch, std::size_t step) const;
  void collect();
  void deliver(Batch& batch);
  void fail_with(std::exception_ptr exception);

  PoseNetwork& network_;
  const std::unique_ptr<device::Device> device_;
  const Clock::duration patience_;
  const std::size_t crops_per_person_;
  std::size_t bucket_;  // people, and crops, that the network sees at a time on a GPU
  std::size_t seats_;   // people in a batch
  bool halved_ = false;

  // Guarded by feeding_: one caller at a time uses the streams.
  std::mutex feeding_;
  const std::unique_ptr<device::Stream> upload_, crop_, compute_, download_;
  std::vector<Picture> pictures_;
  std::size_t next_picture_ = 0;
  Batch* filling_ = nullptr;

  // Guarded by mutex_, which is locked after feeding_.
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::unique_ptr<Batch>> all_;
  std::deque<Batch*> free_, launched_;
  std::optional<Clock::time_point> deadline_;  // of the batch that is not full
  std::exception_ptr failure_;
  bool stopping_ = false;
  std::atomic<std::size_t> batches_ = 0;

  std::jthread collector_;
};

}  // namespace vremd::pipeline
