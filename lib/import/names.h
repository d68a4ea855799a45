// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace vremd::importer {

// The layer name in our files ("backbone.block_1.expand", without ".weight" or ".bias") of a
// convolution node of a TensorFlow.js graph; empty if unknown.
//
// movenet (MobileNetV2, pyramid, four heads):
//   backbone.stem, backbone.block_0.{depthwise,project},
//   backbone.block_K.{expand,depthwise,project} (K = 1...16), backbone.last (1280 channels),
//   backbone.lateral_{32,16,8,4} (1 x 1 into the pyramid, by stride),
//   backbone.pyramid_{16,8,4}.{depthwise,pointwise},
//   head.{heatmap,regression,centre,offset}.{depthwise,pointwise,output}
std::string movenet_name(const std::string& node);

// nanodet:
//   backbone.stem, backbone.stage_S.{enter,leave}, backbone.stage_S.block_B.{first,second}
//   (S = 1...4 with 1, 2, 2, 3 blocks), neck.lateral_{8,16,32},
//   head.stride_{8,16,32}.{features,output}
std::string nanodet_name(const std::string& node);

}  // namespace vremd::importer
