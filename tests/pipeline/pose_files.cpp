// SPDX-License-Identifier: Apache-2.0
// Files for the command-line tests of vremd-pose:
//   vremd_pose_files weights PRESET OUT.safetensors   a tiny network with random weights
//   vremd_pose_files clip FRAMES OUT [CODEC]          a walking person; fails without the encoder
//   vremd_pose_files packed FRAMES OUT.avi            the same, with packed B-frames
//   vremd_pose_files records FRAMES VIDEO             their records, to standard output

#include "edit_clip.h"
#include "pose_clip.h"
#include "tiny_model.h"

#include "model/weights.h"

#include <iostream>
#include <string_view>

using namespace vremd;

int main(int argc, char** argv) try {
  if (argc != 4 && argc != 5) return 2;
  const std::string_view what = argv[1];
  if (what == "weights") {
    model::save_model(argv[3], *tiny_model(7, tiny_config(argv[2])), io::DType::kF32);
  } else if (what == "clip") {
    write_clip(argv[3], std::stoi(argv[2]), argc == 5 ? argv[4] : "ffv1");
  } else if (what == "packed") {
    const std::string plain = std::string(argv[3]) + ".plain.avi";
    write_clip(plain, std::stoi(argv[2]), "mpeg4", 1);
    pack_b_frames(plain, argv[3]);
    std::filesystem::remove(plain);
  } else if (what == "records") {
    for (const Json& record : walk(argv[3], std::stoi(argv[2]))) std::cout << record << '\n';
  } else {
    return 2;
  }
  return 0;
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
