// SPDX-License-Identifier: Apache-2.0
#pragma once

// Records from and to the formats of others (convert/format.h).

#include "convert/select.h"

#include <functional>
#include <string>
#include <vector>

namespace vremd::convert {

struct ConvertConfig {
  std::vector<std::string> inputs;
  std::string output = "-";  // a file, or a folder: one file per video
  bool force = false;
  std::string from;  // "": guessed from the content
  std::string to = "records";
  std::string root;          // of the file names in the input; "": the folder of the input file
  std::string images;        // a file whose frames the output has; "": those of the input
  std::string joints;        // set or list of names of the output; "": the format's own
  std::string input_joints;  // where the input does not name its joints
  Selection selection;
  std::function<bool()> stopped;  // by a signal
};

struct ConvertResult {
  bool complete = true;              // false: a truncated input, or files under `root` are missing
  std::vector<std::string> partial;  // temporary names of files of truncated inputs
};

// All inputs into one output. `header` has tool, version and command. Warnings give the reasons
// why the result is not complete.
ConvertResult convert_records(const ConvertConfig& config, const io::Header& header);

}  // namespace vremd::convert
