// SPDX-License-Identifier: Apache-2.0
#include "eval/evaluate.h"

namespace vremd::eval {

bool evaluate(const EvalConfig& config) {
  if (config.ap || config.mot) return evaluate_poseval(config);
  if (!config.kit.empty()) return evaluate_pt21(config);
  if (!config.oks.empty()) return evaluate_oks(config);
  return evaluate_records(config);
}

}  // namespace vremd::eval
