// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/enum_names.h"
#include "data/augment.h"
#include "data/train_set.h"
#include "model/config.h"

#include <cstdint>
#include <string>
#include <vector>

namespace vremd::train {

// The score that chooses the best weights: PCK@0.2 of the torso, or PoseTrack's average precision.
enum class ValidationScore { kPck, kAp };
constexpr auto enum_names(ValidationScore) { return std::array{"pck", "ap"}; }

// The learning rate: multiplied by gamma at milestones, or a cosine to 0 over all epochs.
enum class Schedule { kMilestones, kCosine };
constexpr auto enum_names(Schedule) { return std::array{"milestones", "cosine"}; }

enum class WeightDecayOn { kAll, kMatrices };
constexpr auto enum_names(WeightDecayOn) { return std::array{"all", "matrices"}; }

// Mixed precision (METHOD 10.2): bfloat16 by autocast everywhere, in the backbone only, or nowhere.
enum class Amp { kBf16, kBackbone, kFp32 };
constexpr auto enum_names(Amp) { return std::array{"bf16", "backbone", "fp32"}; }

// What vremd-train does (METHOD 10, 12), written into the output folder.
struct TrainConfig {
  model::ModelConfig model;

  struct Start {
    std::string backbone;      // weights file whose backbone.* is taken; "": random
    std::string weights;       // a whole model to go on from
    std::string single_frame;  // a single-frame model that H_m starts as (METHOD 7)
    std::string prior;         // MoveNet Thunder with its own head, for model.prior
    bool calibrate = true;     // proj.norm so that each channel starts with mean 0, variance 1
  } start;

  std::vector<data::TrainDataConfig> data;
  std::string validate;  // annotations to score on after each epoch: a file or folder; "": none
  std::string validate_root;
  data::MissingNeighbour validate_missing = data::MissingNeighbour::kError;
  int validate_most = 0;  // whole frames with about this many persons; 0: all
  ValidationScore validate_by = ValidationScore::kPck;

  data::AugmentConfig aug;

  struct Train {
    double epochs = 20;
    double lr = 2e-3;
    double backbone_lr = 0;  // of a backbone that is not frozen; 0: lr
    Schedule schedule = Schedule::kMilestones;
    std::vector<double> milestones{16};  // epochs after which lr is multiplied by gamma
    double gamma = 0.1;
    std::vector<std::string> frozen;  // parameters that stay: beginnings of their names
    double warmup = 0;                // steps from 0 to lr
    double backbone_warmup = 0;       // steps likewise, of the backbone
    double wd = 0.01;
    WeightDecayOn wd_on = WeightDecayOn::kAll;
    double clip = 0;       // global norm of the gradient; 0: none
    int batch = 32;        // persons of one process and step, but for accum
    int accum = 1;         // batches whose gradients make one step
    int micro_batch = 16;  // persons that go through the network at once
    Amp amp = Amp::kBf16;
    int seed = 8888;
    double ema = 0;  // decay of the averaged weights; 0: none
    double checkpoint_minutes = 5;
    int cache_features = 0;   // K augmented variants of each sample, features kept; 0: none
    int loaders = 0;          // threads that read and crop; 0: 1, with a GPU --threads - 1
    int prefetch = 4;         // micro-batches that wait at most
    double frame_mib = 4096;  // of decoded pictures that are kept in memory
  } train;

  std::int64_t persons_of_step() const {  // of one process
    return std::int64_t{1} * train.batch * train.accum;
  }
  // Whole steps in an epoch of `persons` and in the training, for so many processes.
  struct Steps {
    std::int64_t per_epoch = 0, all = 0;
  };
  Steps steps(std::int64_t persons, int processes) const;
  Steps some_steps(std::int64_t persons, int processes) const;  // Error: none
  int micro_batches() const {                                   // of one process and step
    return train.accum * ((train.batch + train.micro_batch - 1) / train.micro_batch);
  }

  // Absent keys keep the values of `base`. Errors as ModelConfig's.
  static TrainConfig from_json(const Json& json, const std::string& place);
  static TrainConfig from_json(const Json& json, const std::string& place, TrainConfig base);
  Json to_json() const;
  void validate_values() const;  // Error "path.of.key: what"
};

}  // namespace vremd::train
