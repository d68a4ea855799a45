// SPDX-License-Identifier: Apache-2.0
// A libFuzzer target for the readers of vremd-eval --oks, with the score behind them. The input is
// an annotation file and, behind a zero byte, a result file or records; without one it is both.
#include "core/log.h"
#include "eval/coco/oks_input.h"
#include "fuzz_input.h"

#include <algorithm>
#include <cstdint>

using namespace vremd;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static MemoryFile truth, predicted;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t end = std::min(text.find('\0'), size);
  const std::string_view first = text.substr(0, end);
  const std::string_view second = end == size ? first : text.substr(end + 1);
  const bool use_area = size % 2 == 0;
  set_log("fuzz", LogLevel::kError);
  run_reader([&] {
    const eval::OksInput input =
        eval::read_oks_input(truth.hold(first), predicted.hold(second), use_area, false);
    const eval::OksConfig config{size % 3 ? eval::OksKit::kCocoapi : eval::OksKit::kXtcoco,
                                 std::vector<double>(input.keypoints, .05), use_area};
    eval::oks_ap(input.categories, config).text();
  });
  return 0;
}
