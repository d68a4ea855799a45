// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the fuzz targets share: inputs as files, and what an Error may say.

#include "core/error.h"
#include "core/text.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <string_view>

namespace vremd {

// A file in memory, whose content changes: the readers take paths.
class MemoryFile {
 public:
  std::string hold(std::string_view bytes) {  // its path
    if (file_ < 0 || ftruncate(file_, 0) != 0 ||
        pwrite(file_, bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
      std::abort();
    }
    return "/proc/self/fd/" + std::to_string(file_);
  }

 private:
  int file_ = memfd_create("input", 0);
};

// Bad input may end in an Error of one line, not too long; anything else is a finding.
template <typename Body>
void run_reader(Body body) {
  constexpr std::size_t kLongestMessage = 2000;
  try {
    body();
  } catch (const Error& error) {
    const std::string message = error.what();
    if (message != one_line(message) || message.size() > kLongestMessage) std::abort();
  }
}

}  // namespace vremd
