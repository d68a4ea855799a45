// SPDX-License-Identifier: Apache-2.0
#pragma once

// Records from and to the formats of others: one function per format and direction.

#include "io/records.h"

#include <string>
#include <string_view>
#include <vector>

namespace vremd {

struct ConvertConfig {
  std::vector<std::string> inputs;
  std::string output = "-";
  bool force = false;
  std::string from = "records", to = "records";
  std::string root;  // of the file names in the input; "": the folder of the input file
};

// Reads one file of a foreign format and writes it as records. `header` has the provenance.
using ReadFormat = void (*)(const std::string& path, const ConvertConfig& config,
                            const Header& header, RecordWriter& out);

// Annotated boxes as detections: one video per vid_id, one record per image, with image_id, and
// each person's id, track and box. Crowd regions are left out, with a warning.
void read_posetrack18(const std::string& path, const ConvertConfig& config, const Header& header,
                      RecordWriter& out);

ReadFormat find_read_format(std::string_view name);  // null: no such format
std::string read_formats();                          // their names, for messages

// All inputs into one output. `header` has tool, version and command.
void convert_records(const ConvertConfig& config, const Header& header);

}  // namespace vremd
