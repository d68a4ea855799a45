// SPDX-License-Identifier: Apache-2.0
#include "model/backbone.h"

#include "model/movenet.h"
#include "model/vit.h"

namespace vremd::model {

std::shared_ptr<BackboneImpl> make_backbone(const ModelConfig& config) {
  if (config.backbone.kind == BackboneKind::kVit) return std::make_shared<VitImpl>(config);
  return std::make_shared<MovenetImpl>();
}

}  // namespace vremd::model
