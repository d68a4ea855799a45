// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "train/config.h"

#include <string>

namespace vremd::train {

// Looks at the data of a training run before it starts: prints how many people, labels and steps
// there are and the first files that are missing, reads some samples, and draws them as they will
// be augmented, with their targets, into `folder`/samples.png. False: something is wrong.
bool preview(const TrainConfig& config, const std::string& folder);

}  // namespace vremd::train
