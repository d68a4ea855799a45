// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/geometry.h"

#include <span>
#include <vector>

namespace vremd::ops {

struct ScoredBox {
  Box box;
  double score = 0;
  int label = 0;
};

// Greedy non-maximum suppression within each label: indices of the kept boxes, best score first
// (equal scores: the lower index first). Boxes whose IoU with a kept one exceeds `threshold` are
// dropped. Boxes without area overlap nothing; only the first of equal ones is kept.
std::vector<int> nms(std::span<const ScoredBox> boxes, double threshold);

}  // namespace vremd::ops
