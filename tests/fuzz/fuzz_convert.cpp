// SPDX-License-Identifier: Apache-2.0
// A libFuzzer target for the reader of one format, VREMD_FUZZ_FORMAT, with the stages and writers
// behind it. Bad input may end in an Error of one line; anything else is a finding.
#include "convert/convert.h"
#include "core/error.h"
#include "core/log.h"

#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>

using namespace vremd;

namespace {

// The input as a file in memory: the readers take paths.
std::string file_of(const std::uint8_t* data, std::size_t size) {
  static const int file = memfd_create("input", 0);
  if (file < 0 || ftruncate(file, 0) != 0 ||
      pwrite(file, data, size, 0) != static_cast<ssize_t>(size)) {
    std::abort();
  }
  return "/proc/self/fd/" + std::to_string(file);
}

void one_line(const Error& error) {
  if (std::string(error.what()).find('\n') != std::string::npos) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr std::array kOutputs = {"records", "posetrack18", "posetrack17", "csv",
                                          "coco-results", "mmpose", "coco-keypoints"};
  set_log("fuzz", LogLevel::kError);
  ConvertConfig config;
  config.inputs = {file_of(data, size)};
  config.output = "/dev/null";
  config.from = VREMD_FUZZ_FORMAT;
  config.to = kOutputs[size % kOutputs.size()];
  config.selection.scale = size % 2 ? 1 : 0.5;
  try {
    guess_format(config.inputs[0]);
  } catch (const Error& error) {
    one_line(error);
  }
  try {
    convert_records(config, Header{});
  } catch (const Error& error) {
    one_line(error);
  }
  return 0;
}
