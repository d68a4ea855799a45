// SPDX-License-Identifier: Apache-2.0
// Files for the command-line tests of vremd-pose:
//   vremd_pose_files weights PRESET OUT.safetensors   a tiny network with random weights
//   vremd_pose_files clip FRAMES OUT.mkv              a walking person
//   vremd_pose_files records FRAMES VIDEO             their records, to standard output

#include "pose_clip.h"
#include "tiny_model.h"

#include "model/weights.h"

#include <iostream>
#include <string_view>

using namespace vremd;

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const std::string_view what = argv[1];
  if (what == "weights") {
    model::save_model(argv[3], *tiny_model(7, tiny_config(argv[2])), io::DType::kF32);
  } else if (what == "clip") {
    write_clip(argv[3], std::stoi(argv[2]));
  } else if (what == "records") {
    for (const Json& record : walk(argv[3], std::stoi(argv[2]))) std::cout << record << '\n';
  } else {
    return 2;
  }
  return 0;
}
