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

// Score that selects the best weights: PCK@0.2 of the torso or PoseTrack AP.
enum class ValidationScore { kPck, kAp };
constexpr auto enum_names(ValidationScore) { return std::array{"pck", "ap"}; }

// Learning rate: multiplied by gamma at milestones, or a cosine to 0 over all epochs.
enum class Schedule { kMilestones, kCosine };
constexpr auto enum_names(Schedule) { return std::array{"milestones", "cosine"}; }

enum class WeightDecayOn { kAll, kMatrices };
constexpr auto enum_names(WeightDecayOn) { return std::array{"all", "matrices"}; }

// Mixed precision (METHOD 10.2): bfloat16 autocast everywhere, in the backbone only, or off. auto:
// bf16 if the device has instructions for it, else fp32; a resumed run keeps what it began with.
enum class Amp { kAuto, kBf16, kBackbone, kFp32 };
constexpr auto enum_names(Amp) { return std::array{"auto", "bf16", "backbone", "fp32"}; }

// Configuration of vremd-train (METHOD 10, 12), written to the output directory.
struct TrainConfig {
  model::ModelConfig model;

  struct Start {
    std::string backbone;      // weights file that provides backbone.*; "": random
    std::string weights;       // complete model to continue from
    std::string single_frame;  // single-frame model to initialise H_m from (METHOD 7)
    std::string prior;         // MoveNet Thunder with its own head, for model.prior
    bool projection = false;   // take proj.* from start.backbone, too
    bool calibrate = true;     // fit proj.norm: initial channel mean 0, variance 1
  } start;

  std::vector<data::TrainDataConfig> data;
  std::string validate;  // annotations (file or directory) for the score after each epoch; "": none
  std::string validate_root;
  data::MissingNeighbour validate_missing = data::MissingNeighbour::kError;
  int validate_stride = 1;  // distance of the neighbours, in frames
  int validate_most = 0;    // score whole frames with about this many persons; 0: all
  ValidationScore validate_by = ValidationScore::kPck;
  // Parts of the network that the last validation also scores without (METHOD 9.1), each by itself.
  std::vector<std::string> validate_without;

  data::AugmentConfig aug;

  struct Train {
    double epochs = 20;
    double lr = 2e-3;
    double backbone_lr = 0;  // of an unfrozen backbone; 0: lr
    Schedule schedule = Schedule::kMilestones;
    std::vector<double> milestones{16};  // epochs after which lr is multiplied by gamma
    double gamma = 0.1;
    std::vector<std::string> frozen;  // prefixes of the names of frozen parameters
    double warmup = 0;                // steps of linear warm-up
    double backbone_warmup = 0;       // of the backbone; 0: warmup
    double wd = 0.01;
    WeightDecayOn wd_on = WeightDecayOn::kAll;
    double clip = 0;       // maximal global gradient norm; 0: off
    int batch = 32;        // persons per process and forward-backward pass
    int accum = 1;         // batches accumulated per step
    int micro_batch = 16;  // persons per network call
    Amp amp = Amp::kAuto;
    int seed = 8888;
    double ema = 0;  // decay of the weight average; 0: off
    double checkpoint_minutes = 5;
    int cache_features = 0;  // K cached augmented variants per sample; 0: off
    // Directory that keeps them for further runs; "": none, they vanish with the run.
    std::string feature_folder;
    int loaders = 0;          // threads that read and crop; 0: 1 (GPU: --threads - 1)
    int prefetch = 4;         // micro-batches prepared in advance
    double frame_mib = 4096;  // cache of decoded frames, MiB
  } train;

  std::int64_t persons_of_step() const {  // per process
    return std::int64_t{1} * train.batch * train.accum;
  }
  // Whole steps of an epoch of `persons` and of the training.
  struct Steps {
    std::int64_t per_epoch = 0, all = 0;
  };
  Steps steps(std::int64_t persons, int processes) const;
  Steps some_steps(std::int64_t persons, int processes) const;  // Error if 0
  int micro_batches() const {                                   // per process and step
    return train.accum * ((train.batch + train.micro_batch - 1) / train.micro_batch);
  }

  // Absent keys keep the values of `base`. Errors as ModelConfig::from_json.
  static TrainConfig from_json(const Json& json, const std::string& place);
  static TrainConfig from_json(const Json& json, const std::string& place, TrainConfig base);
  Json to_json() const;
  void validate_values() const;  // Error "path.of.key: what"
};

}  // namespace vremd::train
