// SPDX-License-Identifier: Apache-2.0
#include "detect/people_network.h"

#include "core/error.h"
#include "detect/nanodet_people.h"
#include "detect/yolox_people.h"
#include "io/safetensors.h"

#include <ranges>

namespace vremd::detect {

std::vector<ops::ScoredBox> decode_maps(const std::array<at::Tensor, 3>& maps_nchw,
                                        const std::array<int, 3>& strides, PeopleDecoder decode,
                                        double min_score, double scale_x, double scale_y) {
  std::vector<ops::ScoredBox> found;
  for (std::size_t i = 0; i < maps_nchw.size(); ++i) {
    decode(maps_nchw[i].squeeze(0).to(at::kCPU, at::kFloat), strides[i], min_score, found);
  }
  for (Box& box : found | std::views::transform(&ops::ScoredBox::box)) {
    box = {box.x / scale_x, box.y / scale_y, box.w / scale_x, box.h / scale_y};
  }
  return found;
}

std::unique_ptr<PeopleNetwork> make_people_network(const io::SafetensorsFile& weights,
                                                   const c10::Device& device, at::ScalarType type) {
  const auto found = weights.metadata().find("architecture");
  const std::string architecture = found == weights.metadata().end() ? "" : found->second;
  if (architecture == "nanodet-g") return std::make_unique<NanodetPeople>(weights, device, type);
  if (architecture.starts_with("yolox-")) {
    return std::make_unique<YoloxPeople>(weights, device, type);
  }
  fail("{}: not the weights of a person detector", weights.path());
}

}  // namespace vremd::detect
