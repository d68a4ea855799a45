// SPDX-License-Identifier: Apache-2.0
#include "train/learner.h"

#include "model/weights.h"

namespace vremd::train {

void Learner::save(const std::string& path, const TrainConfig& config, std::int64_t processes,
                   std::int64_t persons) {
  Checkpoint checkpoint;
  checkpoint.step = step;
  checkpoint.best = best;
  checkpoint.config = config.to_json().dump();
  checkpoint.processes = processes;
  checkpoint.persons = persons;
  checkpoint.substituted = substituted;
  store_state(model::state_of(replicas.model()), "model.", checkpoint);
  store_state(average.average(), "ema.", checkpoint);
  optimizer.store(checkpoint);
  save_checkpoint(path, checkpoint);
  saved_step = step;
}

void Learner::resume(const std::string& path, const TrainConfig& config, std::int64_t processes,
                     std::int64_t persons) {
  const Checkpoint checkpoint = load_checkpoint(path);
  require_same_run(checkpoint, path, config, processes, persons);
  restore_state(checkpoint, path, "model.", model::state_of(replicas.model()));
  restore_state(checkpoint, path, "ema.", average.average());
  optimizer.restore(checkpoint);
  step = saved_step = checkpoint.step;
  best = checkpoint.best;
  substituted = checkpoint.substituted;
}

}  // namespace vremd::train
