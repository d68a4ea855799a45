// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "measure/sections.h"
#include "pipeline/pose_network.h"

#include <functional>
#include <string>

namespace vremd::bench {

// A pose network with an input on which its parts can be run by themselves, from several threads.
class NetworkRunner {
 public:
  NetworkRunner(const std::string& weights, ops::Precision precision);

  at::Tensor encode();  // the crops of one person: tokens [1, T, N, C]
  void estimate();      // joints from them
  void person();        // both
  at::Tensor heatmaps(const at::Tensor& crops_nchw);  // [n, K, h, w], of a single-frame network

  const model::ModelConfig& config() const { return network_.config(); }

 private:
  pipeline::PoseNetwork network_;
  at::Tensor crops_nchw_, key_, no_key_, features_btnc_;
};

// A contestant that runs `item` on all threads for about settings.seconds (the first call finds out
// how often that is), and whose rate is `work` for each item per second, or per CPU second.
enum class Per { kSecond, kCpuSecond };
Contestant contestant(const std::string& name, const Settings& settings, Per per, double work,
                      std::function<void()> item);

// The loop of multiply-adds, in operations per CPU second on all threads.
Contestant fp32_peak(const Settings& settings);
Contestant bf16_peak(const Settings& settings);

}  // namespace vremd::bench
