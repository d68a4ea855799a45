// SPDX-License-Identifier: Apache-2.0
// A libFuzzer target for the reader of one format, VREMD_FUZZ_FORMAT, with the stages and writers
// behind it.
#include "convert/convert.h"
#include "core/log.h"
#include "fuzz_input.h"

#include <array>
#include <cstdint>

using namespace vremd;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr std::array kOutputs = {"records",      "posetrack18", "posetrack17",    "csv",
                                          "coco-results", "mmpose",      "coco-keypoints", "dlc",
                                          "mot",          "trc"};
  static MemoryFile file;
  set_log("fuzz", LogLevel::kError);
  convert::ConvertConfig config;
  config.inputs = {file.hold({reinterpret_cast<const char*>(data), size})};
  config.output = "/dev/null";
  config.from = VREMD_FUZZ_FORMAT;
  config.to = kOutputs[size % kOutputs.size()];
  config.selection.scale = size % 2 ? 1 : 0.5;
  run_reader([&] { convert::guess_format(config.inputs[0]); });
  run_reader([&] { convert::convert_records(config, io::Header{}); });
  return 0;
}
