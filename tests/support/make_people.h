// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/json.h"

#include <fmt/format.h>

#include <fstream>
#include <string>

namespace vremd {

// The nose of person `n` of make_people(), in pixels of 96 x 128.
struct NoseOf {
  explicit NoseOf(int n) : x(30 + 7 * (n % 6)), y(40 + 9 * (n % 5)) {}
  int x, y;
};

// FOLDER/data.json: `count` people with a labelled nose, each in its own still images/NN.png, which
// is not written.
inline void make_people(const std::string& folder, int count) {
  Json images = Json::array(), labels = Json::array();
  for (int n = 0; n < count; ++n) {
    images.push_back({{"id", n},
                      {"file_name", fmt::format("images/{:02}.png", n)},
                      {"frame_id", 0},
                      {"vid_id", std::to_string(n)},
                      {"nframes", 1},
                      {"is_labeled", true},
                      {"width", 96},
                      {"height", 128}});
    Json points(51, 0);
    points[0] = NoseOf(n).x;
    points[1] = NoseOf(n).y;
    points[2] = 1;
    labels.push_back({{"id", n + 1},
                      {"image_id", n},
                      {"track_id", 0},
                      {"category_id", 1},
                      {"iscrowd", 0},
                      {"bbox", {8, 8, 80, 112}},
                      {"keypoints", points},
                      {"scores", Json::array()}});
  }
  std::ofstream(folder + "/data.json")
      << Json{{"images", images}, {"annotations", labels}, {"categories", Json::array()}}.dump();
}

}  // namespace vremd
