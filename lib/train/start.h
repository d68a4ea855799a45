// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "data/train_set.h"
#include "model/vremd.h"
#include "train/batch.h"
#include "train/config.h"

#include <memory>

namespace vremd::train {

// The network of `config` with its first weights: drawn with the seed, then taken from the files
// of config.start. Parameters that stay (config.train.frozen, a frozen backbone) have no gradient.
// `calibrated`: proj.norm is fitted to some samples of `set`, where no file gave it values.
std::shared_ptr<model::VremdImpl> make_network(const TrainConfig& config, data::TrainSet& set,
                                               bool calibrated);

// Sets config.model's trained joints, unless they are set: those that have labels (METHOD 1.6), in
// `set` or in the weights that this goes on from.
void name_trained_joints(const data::TrainSet& set, TrainConfig& config);

// The first persons of the first epoch, at most `most`, as they are augmented there.
TrainBatch first_batch(data::TrainSet& set, const TrainConfig& config, int most);

}  // namespace vremd::train
