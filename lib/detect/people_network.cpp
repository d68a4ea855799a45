// SPDX-License-Identifier: Apache-2.0
#include "detect/people_network.h"

#include "core/error.h"
#include "detect/nanodet_people.h"
#include "detect/yolox_people.h"
#include "io/safetensors.h"

namespace vremd {

std::unique_ptr<PeopleNetwork> make_people_network(const SafetensorsFile& weights,
                                                   const c10::Device& device,
                                                   at::ScalarType type) {
  const auto found = weights.metadata().find("architecture");
  const std::string architecture = found == weights.metadata().end() ? "" : found->second;
  if (architecture == "nanodet-g") return std::make_unique<NanodetPeople>(weights, device, type);
  if (architecture.starts_with("yolox-")) {
    return std::make_unique<YoloxPeople>(weights, device, type);
  }
  fail("{}: not the weights of a person detector", weights.path());
}

}  // namespace vremd
