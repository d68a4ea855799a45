// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace vremd::train {

// Rank of this process among those that train together.
struct ProcessPlace {
  int rank = 0, size = 1;
  int local_rank = 0;  // on this machine
  std::string host;    // of rank 0
  int port = 0;
};

// Set by torchrun (RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR, MASTER_PORT), or else by srun
// (SLURM_STEP_NUM_TASKS, SLURM_PROCID, SLURM_LOCALID, SLURM_STEP_NODELIST; the port from
// SLURM_JOB_ID unless MASTER_PORT is set). Nullopt for a single process, such as a command of a
// batch script without srun. Error: a variable is missing or not a number.
std::optional<ProcessPlace> process_place();

// GPU of a process that sees `gpus` of them; 0 if each process sees only its own (srun
// --gpus-per-task).
int gpu_of(const ProcessPlace& place, int gpus);

// The first host of a list such as "gpu[03-05,9],login1": "gpu03".
std::string first_host(const std::string& slurm_list);

// Processes that train one model, connected by c10d: gloo on the CPU, NCCL on GPUs. A single
// process needs no network.
//
// If an exception destroys this object, the other processes are notified: their pending calls throw
// an Error that names the failed rank.
class ProcessGroup {
 public:
  ProcessGroup();  // a single process
  // Error: no connection within ten minutes, or a build without the library.
  ProcessGroup(const ProcessPlace& place, const at::Device& device);
  ~ProcessGroup();
  ProcessGroup(ProcessGroup&&) noexcept;

  int rank() const { return place_.rank; }
  int size() const { return place_.size; }
  bool first() const { return place_.rank == 0; }

  // All-reduce (sum) of floating point tensors on any device, with the same shapes in all
  // processes. Error: another process failed.
  void sum(const std::vector<at::Tensor>& tensors) { run(true, tensors); }
  // From rank 0.
  void broadcast(const std::vector<at::Tensor>& tensors) { run(false, tensors); }

 private:
  struct Backend;
  // Sums or broadcasts the tensors in one call.
  void run(bool sum, const std::vector<at::Tensor>& tensors);

  ProcessPlace place_;
  at::Device device_ = at::kCPU;      // of the backend
  int exceptions_;                    // in flight at construction
  std::unique_ptr<Backend> backend_;  // null: single process
};

}  // namespace vremd::train
