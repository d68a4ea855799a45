// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "train/batch.h"
#include "train/config.h"
#include "train/feature_cache.h"

namespace vremd::train {

// A batch of a plan with `uses` (METHOD 10.4: frozen augmentations; with one variant the persons as
// they are). Its features are read as far as the cache has them; complete_features() does the rest.
TrainBatch make_cached_batch(data::TrainSet& set, const BatchPlan& plan, const TrainConfig& config,
                             FeatureCache& cache);

// `fresh` [m, T, N, C]: the features of the batch's crops (undefined: it has none). They go into
// batch.features as the cache would give them, and into the cache where the plan says so. All that
// the batch reads must be stored by now: the steps of earlier epochs are done.
void complete_features(TrainBatch& batch, const at::Tensor& fresh, FeatureCache& cache);

}  // namespace vremd::train
