// SPDX-License-Identifier: Apache-2.0
#include "train/process_group.h"

#include "core/error.h"
#include "core/log.h"
#include "core/text.h"

#include <ATen/Functions.h>

#if VREMD_HAVE_GLOO
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#endif
#if VREMD_HAVE_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif

#include <chrono>
#include <cstdlib>
#include <exception>
#include <thread>

namespace vremd::train {
namespace {

constexpr std::chrono::minutes kConnectTime{10};
constexpr std::chrono::hours kWaitTime{6};        // for the slowest process
constexpr std::chrono::seconds kFailureTime{20};  // for all to notice a failure
constexpr const char* kFailed = "failed";         // store key: rank that failed
constexpr const char* kNoticed = "noticed";       // store key: number of processes that noticed

int number(const char* name, const char* text) {
  const auto value = number_from<int>(text);
  if (!value || *value < 0) fail("{}: '{}' is not a number", name, text);
  return *value;
}

int optional(const char* name, int otherwise) {
  const char* text = std::getenv(name);
  return text ? number(name, text) : otherwise;
}

}  // namespace

int gpu_of(const ProcessPlace& place, int gpus) { return gpus > 0 ? place.local_rank % gpus : 0; }

std::string first_host(const std::string& slurm_list) {
  const std::size_t bracket = slurm_list.find_first_of("[,");
  if (bracket == std::string::npos || slurm_list[bracket] == ',') {
    return slurm_list.substr(0, bracket);
  }
  const std::size_t end = slurm_list.find_first_of("-,]", bracket);
  if (end == std::string::npos)
    fail("SLURM_STEP_NODELIST: '{}' is not a list of hosts", slurm_list);
  return slurm_list.substr(0, bracket) + slurm_list.substr(bracket + 1, end - bracket - 1);
}

std::optional<ProcessPlace> process_place() {
  const bool torchrun = std::getenv("WORLD_SIZE");
  // Unset in the batch script itself.
  const char* tasks = torchrun ? "WORLD_SIZE" : "SLURM_STEP_NUM_TASKS";
  if (!std::getenv(tasks)) return std::nullopt;
  const auto required = [&](const char* name) {
    const char* text = std::getenv(name);
    if (!text) fail("{} is set, but {} is not", tasks, name);
    return text;
  };
  const auto required_number = [&](const char* name) { return number(name, required(name)); };
  ProcessPlace place;
  place.size = required_number(tasks);
  place.rank = required_number(torchrun ? "RANK" : "SLURM_PROCID");
  place.local_rank = torchrun ? optional("LOCAL_RANK", place.rank) : optional("SLURM_LOCALID", 0);
  if (place.size > 1 && torchrun) {
    place.host = required("MASTER_ADDR");
    place.port = required_number("MASTER_PORT");
  } else if (place.size > 1) {
    place.host = first_host(required("SLURM_STEP_NODELIST"));
    place.port = optional("MASTER_PORT", 20000 + optional("SLURM_JOB_ID", 0) % 10000);
  }
  if (place.size < 1 || place.rank >= place.size) {
    fail("rank {} of {} processes does not exist", place.rank, place.size);
  }
  if (place.size == 1) return std::nullopt;
  return place;
}

#if VREMD_HAVE_GLOO

struct ProcessGroup::Backend {
  ProcessPlace place;
  c10::intrusive_ptr<c10d::Store> store;
  c10::intrusive_ptr<c10d::Backend> group;

  Backend(const ProcessPlace& own_place, const at::Device& device) : place(own_place) {
    c10d::TCPStoreOptions options;
    options.port = static_cast<std::uint16_t>(place.port);
    options.isServer = place.rank == 0;
    options.numWorkers = place.size;
    options.timeout = kConnectTime;
    store = c10::make_intrusive<c10d::TCPStore>(place.host, options);
    if (device.is_cuda()) {
#if VREMD_HAVE_NCCL
      auto nccl = c10d::ProcessGroupNCCL::Options::create();
      nccl->timeout = kWaitTime;
      group = c10::make_intrusive<c10d::ProcessGroupNCCL>(store, place.rank, place.size, nccl);
      return;
#else
      fail("several processes with GPUs: this build has no NCCL");
#endif
    }
    auto gloo = c10d::ProcessGroupGloo::Options::create();
    gloo->devices.push_back(c10d::ProcessGroupGloo::createDefaultDevice());
    gloo->timeout = kWaitTime;
    gloo->threads = 1;
    group = c10::make_intrusive<c10d::ProcessGroupGloo>(store, place.rank, place.size, gloo);
  }

  void run(bool sum, const at::Tensor& flat) {
    std::vector<at::Tensor> one{flat};
    wait(sum ? *group->allreduce(one) : *group->broadcast(one));
  }

  void wait(c10d::Work& work) {
    constexpr int kTurns = 500;  // of 1 ms, between checks of the store
    for (int turn = 1; !work.isCompleted(); ++turn) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      if (turn % kTurns == 0) refuse_failed();
    }
    std::string lost;
    try {
      work.wait();
      return;
    } catch (const std::exception& error) {
      lost = first_line(error.what());
    }
    refuse_failed();  // a failing process sets the key before it closes the connection
    fail("rank {}: lost another process: {}", place.rank, lost);
  }

  // Error if another process has failed.
  void refuse_failed() {
    std::vector<std::uint8_t> rank;
    try {
      if (!store->check({kFailed})) return;
      rank = store->get(kFailed);
      store->add(kNoticed, 1);
    } catch (const std::exception& error) {
      fail("rank {}: lost rank 0: {}", place.rank, first_line(error.what()));
    }
    group->abort();
    fail("rank {} of {} processes failed; see its own message",
         std::string(rank.begin(), rank.end()), place.size);
  }

  // Rank 0 owns the store and waits until the others have noticed.
  void announce_failure() noexcept {
    try {
      if (!store->check({kFailed})) store->set(kFailed, std::to_string(place.rank));
      const auto end = std::chrono::steady_clock::now() + kFailureTime;
      while (place.rank == 0 && store->add(kNoticed, 0) < place.size - 1 &&
             std::chrono::steady_clock::now() < end) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
      }
    } catch (const std::exception&) {  // rank 0 and its store are gone
    }
  }
};

#else

struct ProcessGroup::Backend {
  Backend(const ProcessPlace&, const at::Device&) {
    fail("several processes: this build has no gloo (built without libgloo-dev)");
  }
  void run(bool, const at::Tensor&) {}
  void announce_failure() noexcept {}
};

#endif

ProcessGroup::ProcessGroup() : exceptions_(std::uncaught_exceptions()) {}
ProcessGroup::ProcessGroup(ProcessGroup&&) noexcept = default;

ProcessGroup::~ProcessGroup() {
  if (backend_ && std::uncaught_exceptions() > exceptions_) backend_->announce_failure();
}

ProcessGroup::ProcessGroup(const ProcessPlace& place, const at::Device& device)
    : place_(place), device_(device), exceptions_(std::uncaught_exceptions()) {
  if (place.size == 1) return;
  if (first()) log_info("waiting for {} processes at {}:{}", place.size, place.host, place.port);
  try {
    backend_ = std::make_unique<Backend>(place, device);
  } catch (const c10::Error& error) {
    fail("rank {}: no connection to {}:{}: {}", place.rank, place.host, place.port,
         error.what_without_backtrace());
  }
}

void ProcessGroup::run(bool sum, const std::vector<at::Tensor>& tensors) {
  if (!backend_ || tensors.empty()) return;
  at::NoGradGuard no_grad;
  std::vector<at::Tensor> parts;
  for (const at::Tensor& tensor : tensors) parts.push_back(tensor.detach().reshape({-1}));
  const at::Tensor flat = at::cat(parts).to(device_);
  backend_->run(sum, flat);
  std::int64_t from = 0;
  for (const at::Tensor& tensor : tensors) {
    const std::int64_t count = tensor.numel();
    tensor.detach().copy_(flat.slice(0, from, from + count).view(tensor.sizes()));
    from += count;
  }
}

}  // namespace vremd::train
