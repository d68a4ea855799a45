// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace vremd::bench {

struct Seconds {
  double wall = 0, cpu = 0;  // cpu: of all threads
};

// Calls body(i) for each i in [0, count) on `threads` threads, each prepared as a worker of a
// pipeline and in inference mode, and measures the whole. An exception of the body is thrown again.
Seconds run_team(int threads, int count, const std::function<void(int)>& body);

// A command, its standard output discarded. Error: it cannot be started or fails.
struct ChildUse {
  Seconds seconds;
  double peak_mib = 0;  // resident memory
};
ChildUse run_child(const std::vector<std::string>& command);

// The middle of some values, and how far they are apart.
struct Spread {
  double median = 0;
  double low = 0, high = 0;  // quartiles
};
Spread spread_of(std::vector<double> values);

// What is compared in one run: `once` does a fixed amount of work and returns the work per second
// (or per CPU second), in whatever unit.
struct Contestant {
  std::string name;
  std::function<double()> once;
};

// The rates of contestants that ran in turn, A B C A B C ..., so that a change of the machine's
// speed meets all of them. The first round warms up and does not count.
class Rounds {
 public:
  Rounds(const std::vector<Contestant>& contestants, int count);

  Spread rate(const std::string& name) const;
  // Of two rates, round by round. Error: unknown name.
  Spread ratio(const std::string& name, const std::string& to) const;

 private:
  const std::vector<double>& rates_of(const std::string& name) const;

  std::vector<std::string> names_;
  std::vector<std::vector<double>> rates_;  // [contestant][round]
};

}  // namespace vremd::bench
