// SPDX-License-Identifier: Apache-2.0
#include "pipeline/device_estimator.h"

#include "core/error.h"
#include "core/log.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/from_blob.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace vremd::pipeline {
namespace {

using device::Memory;

// One is computed, one is ready for it, one is filled.
constexpr std::size_t kBatches = 3;

// Frames on their way from the host to the crops. They move on without waiting for the network, so
// that few suffice.
constexpr std::size_t kPictures = 4;

// What the crop kernel reads for the crops of one frame, in one block of memory, so that one copy
// uploads it.
struct PictureBlock {
  PictureBlock(std::byte* start, std::size_t crops)
      : addresses(reinterpret_cast<const std::uint8_t**>(start)),
        maps(reinterpret_cast<float*>(addresses + crops)),
        sizes(reinterpret_cast<int*>(maps + 6 * crops)),
        pixels(reinterpret_cast<std::uint8_t*>(sizes + 3 * crops)) {}

  static std::size_t bytes(std::size_t crops, const Frame& frame) {
    return crops * (sizeof(std::uint8_t*) + 6 * sizeof(float) + 3 * sizeof(int)) + frame.rgb.size();
  }

  const std::uint8_t** addresses;
  float* maps;
  int* sizes;
  std::uint8_t* pixels;
};

// Memory of the device, and its counterpart on the host.
struct Twin {
  std::unique_ptr<device::Buffer> host, device;

  void allocate(device::Device& of, std::size_t bytes) {
    host.reset();
    device.reset();
    device = of.make_buffer(Memory::kDevice, bytes);
    host = of.make_buffer(Memory::kPinned, bytes);
  }
};

}  // namespace

// A frame on its way to the device.
struct DeviceEstimator::Picture {
  Twin block;
  std::unique_ptr<device::Event> uploaded, cropped;
};

// Places for people. A batch is free again after the host has its results, so that all its memory
// may be used again without a wait on the device.
struct DeviceEstimator::Batch {
  struct Seat {
    std::shared_ptr<Request> request;
    std::size_t person;
  };
  std::vector<Seat> seats;
  std::size_t crops = 0;  // rows of `pixels` in use
  bool keep = false;
  std::vector<NamedTensors> tensors;  // of each seat, with `keep`

  void clear() {
    seats.clear();
    crops = 0;
    keep = false;
    tensors.clear();
  }

  // All have room for the padding of the last step of the network.
  std::unique_ptr<device::Buffer> pixels;  // [rows, 3, H, W] float32
  Twin rows;                               // of `pixels`, [pass][seat][frame] int64
  Twin joints;                             // [seat][joint][joint_floats] float32
  std::unique_ptr<device::Event> uploaded, cropped, computed, downloaded;
};

DeviceEstimator::DeviceEstimator(PoseNetwork& network, std::unique_ptr<device::Device> device,
                                 Clock::duration patience)
    : network_(network),
      device_(std::move(device)),
      patience_(patience),
      crops_per_person_(network.passes() * static_cast<std::size_t>(network.frames())),
      bucket_(static_cast<std::size_t>(network.options().batch_size)),
      seats_(bucket_),
      upload_(device_->make_stream()),
      crop_(device_->make_stream()),
      compute_(device_->make_stream()),
      download_(device_->make_stream()),
      pictures_(kPictures) {
  for (Picture& picture : pictures_) {
    picture.uploaded = device_->make_event();
    picture.cropped = device_->make_event();
  }
  with_memory([&] { allocate(); });
  collector_ = std::jthread([this] { collect(); });
}

DeviceEstimator::~DeviceEstimator() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  collector_.join();
  try {
    device_->synchronize();  // before its memory is freed
  } catch (...) {            // complete() has thrown it, unless nobody waits for results
  }
}

// Batches of bucket_ people.
void DeviceEstimator::allocate() {
  all_.clear();
  free_.clear();
  seats_ = bucket_;
  const ops::CropSpec& spec = network_.crop_spec();
  const std::size_t crop_bytes = sizeof(float) * 3 * spec.height * spec.width;
  const std::size_t padded = seats_ + bucket_;
  for (std::size_t i = 0; i < kBatches; ++i) {
    auto batch = std::make_unique<Batch>();
    batch->pixels =
        device_->make_buffer(Memory::kDevice, (seats_ * crops_per_person_ + bucket_) * crop_bytes);
    batch->rows.allocate(*device_, padded * crops_per_person_ * sizeof(std::int64_t));
    batch->joints.allocate(*device_,
                           padded * network_.joints() * network_.joint_floats() * sizeof(float));
    for (auto* event : {&batch->uploaded, &batch->cropped, &batch->computed, &batch->downloaded}) {
      *event = device_->make_event();
    }
    free_.push_back(batch.get());
    all_.push_back(std::move(batch));
  }
}

// Calls it again, with batches of half the size, if memory runs out for the first time.
template <typename Call>
void DeviceEstimator::with_memory(const Call& call) {
  try {
    return call();
  } catch (const device::OutOfMemory& error) {
    if (halved_ || bucket_ == 1) {
      fail("{}; the network was given {} people at a time: try a smaller --batch-size",
           error.what(), bucket_);
    }
    halved_ = true;
    bucket_ /= 2;
    log_warning("not enough memory on the device: the network is given {} people at a time",
                bucket_);
  }
  device_->synchronize();
  device_->trim();
  call();
}

std::shared_ptr<DeviceEstimator::Request> DeviceEstimator::submit(std::span<Person> persons,
                                                                  bool keep) {
  auto request = std::make_shared<Request>();
  request->open = persons.size();
  request->joints.resize(persons.size() * network_.joints() * network_.joint_floats());
  if (keep) request->tensors.resize(persons.size());
  if (persons.empty()) return request;
  const std::vector<Person*> order = ordered_by_box(persons);

  const std::lock_guard feeding(feeding_);
  {
    const std::lock_guard lock(mutex_);
    if (failure_) std::rethrow_exception(failure_);
  }
  try {
    for (std::size_t first = 0; first < order.size();) {
      Batch& batch = filling_batch();
      const std::size_t count = std::min(seats_ - batch.seats.size(), order.size() - first);
      const auto some = std::span(order).subspan(first, count);
      add(batch, some);
      for (const Person* person : some) {
        batch.seats.push_back({request, static_cast<std::size_t>(person - persons.data())});
      }
      batch.keep = batch.keep || keep;
      first += count;
      if (batch.seats.size() == seats_) launch();
    }
  } catch (...) {
    fail_with(std::current_exception());
    throw;
  }
  if (filling_) {
    const std::lock_guard lock(mutex_);
    deadline_ = Clock::now() + patience_;
    changed_.notify_all();
  }
  return request;
}

DeviceEstimator::Batch& DeviceEstimator::filling_batch() {
  if (filling_) return *filling_;
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !free_.empty() || failure_; });
  if (failure_) std::rethrow_exception(failure_);
  Batch& batch = *free_.front();
  free_.pop_front();
  std::memset(batch.rows.host->as<>(), 0, batch.rows.host->size());  // padding: any row
  filling_ = &batch;
  return batch;
}

// Crops of these people, frame by frame, into the rows that follow those in use.
void DeviceEstimator::add(Batch& batch, std::span<Person* const> persons) {
  const StageClock clock(network_.times, PoseStage::kCrop);
  const PoseCrops plan = network_.crops_of(persons);
  std::vector<std::size_t> row_of(plan.crops.size());
  for (const std::vector<std::size_t>& of_frame : plan.by_frame()) {
    std::vector<ops::CropRequest> requests;
    for (const std::size_t crop : of_frame) {
      row_of[crop] = batch.crops + requests.size();
      requests.push_back(plan.crops[crop].request);
    }
    upload(batch, requests);
    batch.crops += requests.size();
  }

  auto* rows = batch.rows.host->as<std::int64_t>();
  for (std::size_t i = 0; i < persons.size(); ++i) {
    for (std::size_t pass = 0; pass < plan.passes; ++pass) {
      const std::size_t seat = pass * seats_ + batch.seats.size() + i;
      for (std::size_t frame = 0; frame < plan.frames; ++frame) {
        rows[seat * plan.frames + frame] =
            static_cast<std::int64_t>(row_of[plan.of(i, pass, frame)]);
      }
    }
  }
}

// Crops of one frame.
void DeviceEstimator::upload(Batch& batch, std::span<const ops::CropRequest> crops) {
  ops::check_request(crops[0], batch.crops);
  const Frame& frame = *crops[0].frame;
  const std::size_t count = crops.size(), bytes = PictureBlock::bytes(count, frame);
  Picture& picture = pictures_[next_picture_++ % kPictures];
  picture.cropped->wait();
  if (!picture.block.host || picture.block.host->size() < bytes) {
    with_memory([&] { picture.block.allocate(*device_, bytes); });
  }

  const PictureBlock host(picture.block.host->as<>(), count);
  const PictureBlock on_device(picture.block.device->as<>(), count);
  for (std::size_t i = 0; i < count; ++i) {
    host.addresses[i] = on_device.pixels;
    std::ranges::transform(crops[i].crop_to_frame.m, host.maps + 6 * i,
                           [](double m) { return static_cast<float>(m); });
    std::ranges::copy(std::array{frame.width, frame.height, 3 * frame.width}, host.sizes + 3 * i);
  }
  std::memcpy(host.pixels, frame.rgb.data(), frame.rgb.size());

  const ops::CropSpec& spec = network_.crop_spec();
  ops::WarpAffineArgs args = ops::warp_affine_args(static_cast<int>(count), spec.height, spec.width,
                                                   network_.normalisation());
  args.pictures = on_device.addresses;
  args.sizes = on_device.sizes;
  args.crop_to_frame = on_device.maps;
  args.crops = batch.pixels->as<float>() + batch.crops * 3 * spec.height * spec.width;
  upload_->copy(*picture.block.device, *picture.block.host, bytes);
  upload_->record(*picture.uploaded);
  crop_->wait(*picture.uploaded);
  with_memory([&] {
    crop_->run([args, device = network_.options().device] { ops::warp_affine(args, device); });
  });
  crop_->record(*picture.cropped);
}

void DeviceEstimator::launch() {
  Batch& batch = *std::exchange(filling_, nullptr);
  crop_->record(*batch.cropped);
  upload_->copy(*batch.rows.device, *batch.rows.host, batch.rows.host->size());
  upload_->record(*batch.uploaded);
  compute_->wait(*batch.cropped);
  compute_->wait(*batch.uploaded);
  with_memory([&] {
    const std::size_t step = network_.options().device.is_cpu() ? 1 : bucket_;
    compute_->run([this, &batch, step] { compute(batch, step); });
  });
  compute_->record(*batch.computed);
  download_->wait(*batch.computed);
  download_->copy(*batch.joints.host, *batch.joints.device, batch.joints.host->size());
  download_->record(*batch.downloaded);
  ++batches_;
  const std::lock_guard lock(mutex_);
  launched_.push_back(&batch);
  deadline_.reset();
  changed_.notify_all();
}

// In steps of equal size: what exceeds the batch is computed and not used.
void DeviceEstimator::compute(Batch& batch, std::size_t step) const {
  const c10::InferenceMode inference;  // thread-local
  const auto rows_of = [&](const device::Buffer& buffer, at::ScalarType type,
                           std::vector<std::int64_t> shape) {
    std::size_t bytes = at::elementSize(type);
    for (const std::int64_t size : shape) bytes *= static_cast<std::size_t>(size);
    shape.insert(shape.begin(), static_cast<std::int64_t>(buffer.size() / bytes));
    const auto options = at::TensorOptions().device(network_.options().device).dtype(type);
    return at::from_blob(buffer.as<>(), shape, options);
  };
  const ops::CropSpec& spec = network_.crop_spec();
  const at::Tensor pixels = rows_of(*batch.pixels, at::kFloat, {3, spec.height, spec.width});
  const at::Tensor rows = rows_of(*batch.rows.device, at::kLong, {network_.frames()});
  const at::Tensor joints = rows_of(*batch.joints.device, at::kFloat,
                                    {static_cast<std::int64_t>(network_.joints()),
                                     static_cast<std::int64_t>(network_.joint_floats())});
  const auto n = static_cast<std::int64_t>(step);
  const auto crops = static_cast<std::int64_t>(batch.crops), people = std::ssize(batch.seats);

  std::vector<at::Tensor> tokens;
  for (std::int64_t first = 0; first < crops; first += n) {
    tokens.push_back(network_.encode(pixels.narrow(0, first, n)));
  }
  const at::Tensor tokens_rnc = at::cat(tokens);
  batch.tensors.clear();
  for (std::int64_t first = 0; first < people; first += n) {
    std::vector<at::Tensor> features_btnc;
    for (std::size_t pass = 0; pass < network_.passes(); ++pass) {
      const at::Tensor of_pass =
          rows.narrow(0, static_cast<std::int64_t>(pass * seats_) + first, n).flatten();
      features_btnc.push_back(
          tokens_rnc.index_select(0, of_pass).unflatten(0, {n, network_.frames()}));
    }
    const PoseNetwork::Estimate estimate = network_.estimate(features_btnc, batch.keep);
    joints.narrow(0, first, n).copy_(estimate.joints_bkf);
    for (std::int64_t i = 0; batch.keep && i < std::min(n, people - first); ++i) {
      batch.tensors.push_back(
          PoseNetwork::kept_of(estimate.kept, i, pixels.index_select(0, rows[first + i])));
    }
  }
}

void DeviceEstimator::flush() {
  const std::lock_guard feeding(feeding_);
  launch_rest();
}

void DeviceEstimator::launch_rest() {
  try {
    if (filling_) launch();
  } catch (...) {
    fail_with(std::current_exception());
  }
}

void DeviceEstimator::complete(Request& request, std::span<Person> persons, const Dump& dump) {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return request.open == 0 || failure_; });
    if (request.open > 0) std::rethrow_exception(failure_);
  }
  const std::size_t floats = network_.joints() * network_.joint_floats();
  for (std::size_t i = 0; i < persons.size(); ++i) {
    network_.place(persons[i], request.joints.data() + i * floats);
    if (dump) dump(persons[i], std::exchange(request.tensors[i], {}));
  }
}

// The collector's thread.
void DeviceEstimator::collect() {
  std::unique_lock lock(mutex_);
  while (!stopping_ && !failure_) {
    if (!launched_.empty()) {
      Batch& batch = *launched_.front();
      launched_.pop_front();
      lock.unlock();
      deliver(batch);
      lock.lock();
    } else if (!deadline_) {
      changed_.wait(lock);
    } else if (Clock::now() < *deadline_) {
      changed_.wait_until(lock, Clock::time_point(*deadline_));
    } else {
      deadline_ = Clock::now() + patience_;
      lock.unlock();
      // A caller who is about to add to the batch may be waiting for this thread.
      if (const std::unique_lock feeding(feeding_, std::try_to_lock); feeding) launch_rest();
      lock.lock();
    }
  }
}

void DeviceEstimator::deliver(Batch& batch) {
  try {
    batch.downloaded->wait();
  } catch (...) {
    return fail_with(std::current_exception());
  }
  const std::size_t floats = network_.joints() * network_.joint_floats();
  const float* joints = batch.joints.host->as<float>();
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < batch.seats.size(); ++i) {
    const auto& [request, person] = batch.seats[i];
    std::copy_n(joints + i * floats, floats, request->joints.data() + person * floats);
    if (!request->tensors.empty()) request->tensors[person] = std::move(batch.tensors[i]);
    --request->open;
  }
  batch.clear();
  free_.push_back(&batch);
  changed_.notify_all();
}

void DeviceEstimator::fail_with(std::exception_ptr exception) {
  const std::lock_guard lock(mutex_);
  if (!failure_) failure_ = std::move(exception);
  changed_.notify_all();
}

}  // namespace vremd::pipeline
