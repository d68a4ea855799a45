// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "draw/drawing.h"

#include <string>

namespace vremd::report {

struct ReportConfig {
  draw::DrawConfig draw;  // output: the directory
  int stills = 6;         // evenly spaced pictures of each video, besides those of moments; 0: none
  std::string version;    // name and version of the tool
};

// Writes DIR/index.html, a page about the videos of the records that needs nothing but the
// pictures in DIR/stills. Those are named after their content, so that a report that is being
// replaced stays valid until index.html, written last, gets its name.
//
// An input or video that cannot be read is reported, also in the page, and the others are used.
// Error: DIR has an index.html, and not `force`; no input could be read.
draw::DrawResult write_report(const ReportConfig& config);

}  // namespace vremd::report
