// SPDX-License-Identifier: Apache-2.0
#pragma once

// Conversion between records and other formats (convert/format.h).

#include "convert/stages.h"
#include "io/run_output.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace vremd::convert {

struct ConvertConfig {
  std::vector<std::string> inputs;
  std::string output = "-";  // a file, or a folder: one file per video
  io::Existing existing = io::Existing::kRefuse;
  bool zstd = false;         // the files of a directory are compressed
  std::string from;          // "": detected from the content
  std::string to;            // "": csv for an output of that extension, else records
  std::string root;          // of the file names in the input; "": the folder of the input file
  std::string video;         // name of the only video of the output; "": as in the input
  std::string images;        // file with the frames of the output; "": the input's frames
  std::string joints;        // of the output: a set or a list of names; "": the format's own
  std::string input_joints;  // if the input does not name its joints
  Selection selection;
  std::function<bool()> stopped;           // by a signal
  std::function<void()> advanced = [] {};  // after each frame that is written
};

struct ConvertResult {
  bool complete = true;              // false: a truncated input, or files under `root` are missing
  std::vector<std::string> partial;  // temporary names of files of truncated inputs
  std::int64_t frames = 0, people = 0;  // written
};

// The extension of the files that are written: ".jsonl", ".csv", ".json", or "" for a format that
// writes folders.
std::string extension_of(const ConvertConfig& config);

// Converts all inputs into one output. `header` has tool, version and command. Warnings give the
// reasons for an incomplete result.
ConvertResult convert_records(const ConvertConfig& config, const io::Header& header);

}  // namespace vremd::convert
