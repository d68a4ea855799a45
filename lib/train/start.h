// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "data/train_set.h"
#include "model/vremd.h"
#include "train/batch.h"
#include "train/config.h"

#include <memory>
#include <string>

namespace vremd::train {

// The network of `config` with its initial weights: random from the seed, then overwritten from the
// files of config.start. Frozen parameters (config.train.frozen, the backbone) have no gradient.
// `calibrated`: fit proj.norm to some samples of `set` unless a file provides it.
std::shared_ptr<model::VremdImpl> make_network(const TrainConfig& config, data::TrainSet& set,
                                               bool calibrated);

// "trains 12,345 of 67,890 parameters, the backbone is frozen"
std::string trained_parameters(const model::VremdImpl& model);

// Sets config.model's trained joints if unset: those with labels (METHOD 1.6) in `set`, or trained
// in start.weights.
void name_trained_joints(const data::TrainSet& set, TrainConfig& config);

// The first persons of the first epoch, at most `most`, with their augmentation.
TrainBatch first_batch(data::TrainSet& set, const TrainConfig& config, int most);

}  // namespace vremd::train
