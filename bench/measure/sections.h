// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "measure/report.h"

#include <string>
#include <vector>

namespace vremd::bench {

struct Settings {
  int threads = 1;
  int rounds = 5;
  double seconds = 0.5;  // about this long for one contestant in one round
  std::string bin;       // the folder of the tools
  std::string work;      // a folder for clips and weights
  std::vector<std::string> weights{"vremd-light"};
  std::string detector = "nanodet-g";
  std::string peers;    // Python with the other libraries; "": none
  std::string against;  // tools of another build; "": none
};

Section measure_peaks(const Settings& settings);
Section measure_networks(const Settings& settings);
Section measure_peers(const Settings& settings);
Section measure_curves(const Settings& settings);
Section measure_pipeline(const Settings& settings);
Section measure_start(const Settings& settings);
Section measure_against(const Settings& settings);

}  // namespace vremd::bench
