// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace vremd::bench {

struct ClipOptions {
  int width = 1920, height = 1080;
  int frames = 30, people = 1;
};

// Makes a video of moving figures on a moving background, and a file of records with their boxes,
// which differ from frame to frame, in the folder. Returns the name of the records.
std::string make_clip(const std::string& folder, const ClipOptions& options);

}  // namespace vremd::bench
