// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace vremd::train {

// Where this process stands among those that train together.
struct ProcessPlace {
  int rank = 0, size = 1;
  int local_rank = 0;  // on this machine
  std::string host;    // of rank 0
  int port = 0;
};

// What torchrun sets (RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR, MASTER_PORT), or else srun
// (SLURM_STEP_NUM_TASKS, SLURM_PROCID, SLURM_LOCALID, SLURM_STEP_NODELIST; the port from
// SLURM_JOB_ID unless MASTER_PORT is set). Nothing: this process is alone, as is a command that a
// batch script runs without srun. An Error names a variable that is missing or not a number.
std::optional<ProcessPlace> process_place();

// The GPU of a process that sees `gpus` of them. Where each sees its own alone (srun
// --gpus-per-task), that is number 0 everywhere.
int gpu_of(const ProcessPlace& place, int gpus);

// The first host of a list such as "gpu[03-05,9],login1": "gpu03".
std::string first_host(const std::string& slurm_list);

// Processes that train one model together, by c10d: gloo for tensors on the CPU, NCCL on GPUs. One
// process alone needs no network.
//
// A process that leaves by an exception, so that this object is destroyed, tells the others: what
// they wait for here becomes an Error that names its rank.
class ProcessGroup {
 public:
  ProcessGroup();  // alone
  // Error: no connection within ten minutes, or this build lacks the library.
  ProcessGroup(const ProcessPlace& place, const at::Device& device);
  ~ProcessGroup();
  ProcessGroup(ProcessGroup&&) noexcept;

  int rank() const { return place_.rank; }
  int size() const { return place_.size; }
  bool first() const { return place_.rank == 0; }

  // Each becomes the sum over all processes; floating point on any device, equal shapes everywhere.
  // Error: another process failed.
  void sum(const std::vector<at::Tensor>& tensors);
  // Each becomes that of rank 0.
  void broadcast(const std::vector<at::Tensor>& tensors);

 private:
  struct Backend;
  ProcessPlace place_;
  at::Device device_ = at::kCPU;      // where the library works
  int exceptions_;                    // in flight when this was made
  std::unique_ptr<Backend> backend_;  // null: alone
};

}  // namespace vremd::train
