// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "data/augment.h"
#include "data/train_set.h"
#include "model/config.h"

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
    bool calibrate = true;     // proj.norm so that each channel starts with mean 0, variance 1
  } start;

  std::vector<TrainDataConfig> data;
  std::string validate;  // annotation file for PCK@0.2 of the torso after each epoch; "": none
  std::string validate_root;
  int validate_most = 0;  // at most this many persons; 0: all

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
    int batch = 32;
    std::string amp = "bf16";   // bf16 (autocast) | fp32
    int seed = 8888;
    double ema = 0;             // decay of the averaged weights; 0: none
    double checkpoint_minutes = 5;
  } train;

  static TrainConfig from_json(const Json& json, const std::string& place);
  Json to_json() const;
  void validate_values() const;  // Error "path.of.key: what"
};

}  // namespace vremd
