// SPDX-License-Identifier: Apache-2.0
#include "pipeline/pose_dump.h"

#include "io/json.h"
#include "io/output_file.h"
#include "ops/stored_tensors.h"

#include <filesystem>

namespace vremd::pipeline {

PoseDump::PoseDump(std::string folder, const model::ModelConfig& config, ops::CropSpec spec,
                   std::string model)
    : folder_(std::move(folder)),
      model_(std::move(model)),
      joints_(Json(config.joints().joints).dump()),
      spec_(spec) {
  io::make_folder(folder_);
}

void PoseDump::operator()(const Person& person, const NamedTensors& tensors) const {
  const Frame& frame = *person.triplet.key();
  const Box& box = person.box;
  const Affine2x3 crop_to_frame = ops::frame_to_crop(ops::crop_region(box, spec_), spec_).inverse();
  const std::map<std::string, std::string> metadata = {
      {"frame", fmt::format("{}", frame.index)},
      {"box", Json({box.x, box.y, box.w, box.h}).dump()},
      {"neighbours", Json(person.triplet.neighbours).dump()},
      {"crop_to_frame", Json(crop_to_frame.m).dump()},
      {"joints", joints_},
      {"model", "sha256:" + model_}};
  const std::string name =
      fmt::format("{:03}_{:06}_{:02}.safetensors", person.video, frame.index, person.instance);
  ops::StoredTensors stored((std::filesystem::path(folder_) / name).string());
  for (const auto& [key, tensor] : tensors) stored.add(key, tensor);
  stored.write(metadata);
}

}  // namespace vremd::pipeline
