// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "data/augment.h"
#include "data/train_set.h"
#include "model/config.h"

#include <cstdint>
#include <string>
#include <vector>

namespace vremd {

// What vremd-train does (METHOD 10, 12): the file of --config, written into the output folder.
struct TrainConfig {
  ModelConfig model;

  struct Start {
    std::string backbone;      // weights file whose backbone.* is taken; "": random
    std::string weights;       // a whole model to go on from
    std::string single_frame;  // a single-frame model that H_m starts as (METHOD 7)
    std::string prior;         // MoveNet Thunder with its own head, for model.prior
    bool calibrate = true;     // proj.norm so that each channel starts with mean 0, variance 1
  } start;

  std::vector<TrainDataConfig> data;
  std::string validate;  // annotations to score on after each epoch: a file or folder; "": none
  std::string validate_root;
  std::string validate_missing = "error";  // a neighbour inside of a video, as TrainDataConfig's
  int validate_most = 0;            // whole frames with about this many persons; 0: all
  std::string validate_by = "pck";  // what is best: pck (torso, 0.2) | ap (PoseTrack)

  AugmentConfig aug;

  struct Train {
    double epochs = 20;
    double lr = 2e-3;
    double backbone_lr = 0;  // of a backbone that is not frozen; 0: lr
    std::string schedule = "milestones";  // milestones | cosine (to 0, over all epochs)
    std::vector<double> milestones{16};   // epochs after which lr is multiplied by gamma
    double gamma = 0.1;
    std::vector<std::string> frozen;  // parameters that stay: beginnings of their names
    double warmup = 0;            // steps from 0 to lr
    double backbone_warmup = 0;   // steps likewise, of the backbone
    double wd = 0.01;
    std::string wd_on = "all";  // all | matrices
    double clip = 0;            // global norm of the gradient; 0: none
    int batch = 32;             // persons of one process and step, but for accum
    int accum = 1;              // batches whose gradients make one step
    int micro_batch = 16;       // persons that go through the network at once
    std::string amp = "bf16";   // bf16 (autocast) | backbone (bf16 there alone) | fp32
    int seed = 8888;
    double ema = 0;             // decay of the averaged weights; 0: none
    double checkpoint_minutes = 5;
    int cache_features = 0;     // K augmented variants of each sample, features kept; 0: none
    int loaders = 0;            // threads that read and crop; 0: 1, with a GPU --threads - 1
    int prefetch = 4;           // micro-batches that wait at most
    double frame_mib = 4096;    // of decoded pictures that are kept in memory
  } train;

  std::int64_t persons_of_step() const {  // of one process
    return std::int64_t{1} * train.batch * train.accum;
  }
  // Whole steps in an epoch of `persons` and in the training, for so many processes.
  struct Steps {
    std::int64_t per_epoch = 0, all = 0;
  };
  Steps steps(std::int64_t persons, int processes) const;
  Steps some_steps(std::int64_t persons, int processes) const;  // Error: there are none
  int micro_batches() const {  // of one process and step
    return train.accum * ((train.batch + train.micro_batch - 1) / train.micro_batch);
  }

  // Keys that are not there have the value of the preset that `preset` or else the key "preset"
  // names (METHOD 10.2 and 12), or their default.
  static TrainConfig from_json(const Json& json, const std::string& place,
                               const std::string& preset = "");
  Json to_json() const;
  void validate_values() const;  // Error "path.of.key: what"
};

// The names that apply_preset() knows, for messages and --help.
std::vector<std::string> preset_names();

// Network, augmentation and training of a preset (METHOD 9, 10.2, 11.1 and 12); data and paths
// stay. What METHOD gives a preset for testing is a matter of vremd-pose's options.
void apply_preset(TrainConfig& config, const std::string& name);

}  // namespace vremd
