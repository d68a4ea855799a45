// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace vremd::importer {

// An operation of a TensorFlow.js graph model.
struct TfjsNode {
  std::string name, op;
  std::vector<std::string> inputs;  // node names; "name:1" is a second output
};

// Values are row-major and dequantised; integers are exact up to 2^24.
struct TfjsTensor {
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};

// A graph model: the nodes in the file's (topological) order, and the constants by node name.
struct TfjsModel {
  std::string path;
  std::vector<TfjsNode> nodes;
  std::map<std::string, TfjsTensor> tensors;

  const TfjsTensor& tensor(const std::string& name) const;  // Error "file: no tensor NAME"
};

// Reads "x.json" and its .bin files in the same directory.
TfjsModel read_tfjs(const std::string& path);

// A convolution with its fused bias, or the bias added by its only consumer.
struct TfjsConvolution {
  std::string name;   // of the node
  TfjsTensor weight;  // [out, in / groups, height, width]: LibTorch's order
  TfjsTensor bias;    // [out], or empty
};

std::vector<TfjsConvolution> convolutions(const TfjsModel& model);  // in graph order

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
