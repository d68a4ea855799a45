// SPDX-License-Identifier: Apache-2.0
#include "train/progress_report.h"

#include "core/log.h"

#include <cmath>

namespace vremd::train {

void ProgressReport::add(const StepResult& step) {
  loss_ += step.loss;
  norm_ += step.norm;
  ++steps_;
}

Json ProgressReport::take(std::int64_t step, double epoch, const BatchLoader& loader,
                          TrainStep& train_step, bool aloud) {
  const double elapsed = seconds(), all_waited = loader.seconds_waited();
  const double rate = static_cast<double>(steps_ * persons_) / elapsed;
  const double waited = (all_waited - waited_) / (elapsed * static_cast<double>(workers_));
  const double lr = train_step.learning_rate(), loss = loss_ / steps_;
  if (aloud) {
    log_info("epoch {:.2f}, step {}: loss {:.5f}, lr {:.2e}, {:.1f} persons/s, waiting {:.1f} %",
             epoch, step, loss, lr, rate, 100 * waited);
  }
  Json line{{"step", step}, {"loss", loss}, {"norm", norm_ / steps_},
            {"lr", lr},     {"rate", rate}, {"wait", waited}};
  if (const auto mask = train_step.mask_concentration()) {
    line["mask"] = {{"log_largest", std::log(mask->largest)}, {"effective", mask->effective}};
  }
  *this = ProgressReport(workers_, persons_);
  waited_ = all_waited;
  return line;
}

}  // namespace vremd::train
