// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/json.h"

#include <string>
#include <vector>

namespace vremd::bench {

// A process that answers each line of JSON that it gets with one line (bench/peers.py): networks of
// other libraries, which stay loaded between the rounds.
class Peer {
 public:
  explicit Peer(const std::vector<std::string>& command);
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  // Error: it ended, or its answer has "error".
  Json ask(const Json& question);

 private:
  std::string name_;
  int child_ = -1, to_ = -1;
  std::FILE* from_ = nullptr;
};

}  // namespace vremd::bench
