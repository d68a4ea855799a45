// SPDX-License-Identifier: Apache-2.0

// Each kernel against its reference; compiled for the GPU, and as C++ for the emulated device
// (cuda_emulator/cuda_runtime.h).

#include "compare.h"
#include "device_buffer.h"
#include "ops/dca_attention.h"
#include "ops/heatmap_decode.h"
#include "ops/heatmap_refine.h"
#include "ops/warp_affine.h"
#include "require_device.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

using namespace vremd;
using namespace vremd::ops;

namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

struct WarpCase {
  std::string name;
  int width, height, padding;  // of the pictures
  int crop_height, crop_width;
  std::vector<std::vector<float>> maps;  // one per crop
  bool swap = false;
};

std::vector<float> random_map(std::mt19937& engine, int width, int height) {
  std::uniform_real_distribution<float> slope(-2, 2), place(-0.3f, 1.3f);
  return {slope(engine), slope(engine), place(engine) * static_cast<float>(width),
          slope(engine), slope(engine), place(engine) * static_cast<float>(height)};
}

std::vector<WarpCase> warp_cases() {
  std::mt19937 engine(5);
  std::vector<std::vector<float>> many;
  for (int i = 0; i < 6; ++i) many.push_back(random_map(engine, 61, 47));
  return {
      {"empty batch", 5, 5, 0, 4, 4, {}},
      {"one pixel", 1, 1, 0, 1, 1, {{1, 0, 0, 0, 1, 0}}},
      {"one pixel enlarged", 1, 1, 2, 5, 3, {{0.5f, 0, -1, 0, 0.5f, -1}}},
      {"odd sizes, any maps", 61, 47, 0, 33, 21, many, true},
      {"padded rows", 61, 47, 13, 32, 24, many},
      {"turned", 40, 30, 0, 33, 17, {{0, -1.1f, 39, 1.1f, 0, 0}}},
      {"mirrored", 40, 30, 0, 33, 17, {{-1, 0, 39, 0, 1, 0}}},
      {"wholly outside", 20, 20, 0, 9, 9, {{1, 0, 500, 0, 1, 0}, {1, 0, 0, 0, 1, -500}}},
      {"no sense",
       20,
       20,
       0,
       9,
       9,
       {{1, 0, kNan, 0, 1, 0}, {kInfinity, 0, 0, 0, 1, 0}, {1e30f, 0, 0, 0, 1, 0}}},
  };
}

struct DecodeCase {
  std::string name;
  int count, height, width;
  std::vector<float> maps;
};

std::vector<float> noise(int size, float low, float high) {
  std::mt19937 engine(size);
  std::uniform_real_distribution<float> value(low, high);
  std::vector<float> maps(size);
  for (float& one : maps) one = value(engine);
  return maps;
}

// Hills at random positions, some beyond the border.
std::vector<float> hills(int count, int height, int width) {
  std::mt19937 engine(11);
  std::uniform_real_distribution<double> place(-0.1, 1.1);
  std::vector<float> maps;
  for (int n = 0; n < count; ++n) {
    const double x = place(engine) * width, y = place(engine) * height;
    for (int i = 0; i < height * width; ++i) {
      const double dx = i % width - x, dy = i / width - y;
      maps.push_back(static_cast<float>(0.8 * std::exp(-(dx * dx + dy * dy) / 8)));
    }
  }
  return maps;
}

std::vector<DecodeCase> decode_cases() {
  std::vector<float> ties(3 * 9 * 7, 0.5f);
  ties[62] = ties[100] = ties[120] = 0.75f;    // the first map's last value; twice in the second
  std::vector<float> broken(4 * 8 * 9, kNan);  // all NaN; one value; infinite; minus infinity
  broken[72 + 40] = 0.5f;
  for (int i = 144; i < 216; ++i) broken[i] = i == 180 ? kInfinity : 0.1f;
  for (int i = 216; i < 288; ++i) broken[i] = i == 216 ? kNan : -kInfinity;
  return {
      {"empty batch", 0, 5, 4, {}},
      {"one pixel", 2, 1, 1, {0.5f, -0.5f}},
      {"one row", 3, 1, 7, noise(21, 0, 1)},
      {"one column", 3, 129, 1, noise(387, 0, 1)},
      {"two by two", 5, 2, 2, noise(20, -1, 1)},
      {"noise", 17, 64, 48, noise(17 * 64 * 48, 0, 1)},
      // The only case that depends on dark's rescaling: the rest is at the floor of the log.
      {"noise around zero", 9, 31, 23, noise(9 * 31 * 23, -1, 1)},
      {"below zero", 5, 17, 13, noise(5 * 17 * 13, -2, -1)},
      {"odd sizes", 9, 33, 31, noise(9 * 33 * 31, -0.2f, 1)},
      {"hills", 34, 64, 48, hills(34, 64, 48)},
      {"hills, 72 x 96", 4, 96, 72, hills(4, 96, 72)},
      {"ties", 3, 9, 7, ties},
      {"broken", 4, 8, 9, broken},
  };
}

struct AttentionCase {
  std::string name;
  int batch, height, width, channels, heads, groups, points;
  bool zeros = false;
};

std::vector<AttentionCase> attention_cases() {
  return {
      {"empty batch", 0, 2, 2, 8, 2, 2, 3},
      {"one cell", 2, 1, 1, 4, 1, 1, 1},
      {"one channel", 1, 3, 2, 1, 1, 1, 4},
      {"movenet", 1, 5, 4, 192, 8, 4, 9},           // 24 channels of a head
      {"S", 1, 4, 3, 384, 12, 4, 9},                // 32
      {"L", 1, 4, 3, 1024, 16, 4, 9},               // 64
      {"H, zeros", 1, 4, 3, 1280, 16, 4, 9, true},  // 80
      {"several groups in a head", 2, 5, 3, 48, 2, 8, 4},
      {"groups of part of a warp", 2, 5, 3, 132, 3, 6, 4, true},
      {"a wide head", 1, 3, 3, 256, 1, 2, 5},
      {"many points", 1, 3, 3, 8, 2, 1, 64, true},
  };
}

std::vector<float> attention_on_device(DcaAttentionArgs args, const std::vector<float>& q,
                                       const std::vector<float>& k, const std::vector<float>& v,
                                       const std::vector<float>& location) {
  DeviceBuffer<float> device_q(q), device_k(k), device_v(v), device_location(location);
  DeviceBuffer<float> out(std::vector<float>(args.batch * args.queries * args.channels, 7));
  args.q = device_q.data();
  args.k = device_k.data();
  args.v = device_v.data();
  args.location = device_location.data();
  args.out = out.data();
  dca_attention_cuda(args, nullptr);
  return out.to_host();
}

}  // namespace

TEST_CASE("warp_affine: the kernel matches the reference", "[kernels]") {
  require_device();
  for (const WarpCase& one : warp_cases()) {
    CAPTURE(one.name);
    const int count = static_cast<int>(one.maps.size());
    const int stride = 3 * one.width + one.padding;
    std::vector<std::vector<std::uint8_t>> pictures(count);
    std::vector<const std::uint8_t*> pointers, device_pointers;
    std::deque<DeviceBuffer<std::uint8_t>> uploaded;  // stable addresses
    std::vector<int> sizes;
    std::vector<float> maps;
    std::mt19937 engine(one.width);
    for (int n = 0; n < count; ++n) {
      pictures[n].resize(static_cast<std::size_t>(stride) * one.height);
      for (auto& byte : pictures[n]) byte = static_cast<std::uint8_t>(engine());
      pointers.push_back(pictures[n].data());
      uploaded.emplace_back(pictures[n]);
      device_pointers.push_back(uploaded.back().data());
      sizes.insert(sizes.end(), {one.width, one.height, stride});
      maps.insert(maps.end(), one.maps[n].begin(), one.maps[n].end());
    }

    WarpAffineArgs args;
    args.count = count;
    args.height = one.crop_height;
    args.width = one.crop_width;
    args.swap = one.swap;
    for (int c = 0; c < 3; ++c) {
      args.scale[c] = 0.01f * static_cast<float>(c + 1);
      args.bias[c] = 0.5f - static_cast<float>(c);
    }
    std::vector<float> expected(static_cast<std::size_t>(3) * count * args.height * args.width);
    args.pictures = pointers.data();
    args.sizes = sizes.data();
    args.crop_to_frame = maps.data();
    args.crops = expected.data();
    warp_affine_cpu(args);

    DeviceBuffer<const std::uint8_t*> device_pictures(device_pointers);
    DeviceBuffer<int> device_sizes(sizes);
    DeviceBuffer<float> device_maps(maps);
    DeviceBuffer<float> crops(std::vector<float>(expected.size(), kNan));
    args.pictures = device_pictures.data();
    args.sizes = device_sizes.data();
    args.crop_to_frame = device_maps.data();
    args.crops = crops.data();
    warp_affine_cuda(args, nullptr);
    CHECK(crops.to_host() == expected);
  }
}

TEST_CASE("heatmap_decode: the kernel matches the reference", "[kernels]") {
  require_device();
  const auto decode = GENERATE(Decode::kArgmax, Decode::kQuarter, Decode::kDark, Decode::kDarkUdp);
  const int blur = GENERATE(1, 11, kMaxBlur);
  for (const DecodeCase& one : decode_cases()) {
    CAPTURE(one.name, static_cast<int>(decode), blur);
    HeatmapDecodeArgs args;
    args.count = one.count;
    args.height = one.height;
    args.width = one.width;
    args.decode = decode;
    args.blur = blur;
    std::vector<float> expected(3 * one.count);
    args.heatmaps = one.maps.data();
    args.points = expected.data();
    heatmap_decode_cpu(args);

    DeviceBuffer<float> maps(one.maps);
    DeviceBuffer<float> points(std::vector<float>(expected.size(), kNan));
    DeviceBuffer<float> scratch(std::vector<float>(one.maps.size(), kNan));
    args.heatmaps = maps.data();
    args.points = points.data();
    args.blur_scratch = scratch.data();
    heatmap_decode_cuda(args, nullptr);
    const std::vector<float> got = points.to_host();

    // The peaks are equal, so everything that depends only on them is exact.
    const bool exact = decode == Decode::kArgmax || decode == Decode::kQuarter;
    if (exact) CHECK(got == expected);
    std::vector<float> got_places, expected_places;
    for (int i = 0; i < 3 * one.count; i += 3) {
      got_places.insert(got_places.end(), {got[i], got[i + 1]});
      expected_places.insert(expected_places.end(), {expected[i], expected[i + 1]});
      CHECK(got[i + 2] == expected[i + 2]);
    }
    CHECK(nmse(got_places, expected_places) <= 1e-7);
  }
}

TEST_CASE("dca_attention: the kernel matches the reference", "[kernels]") {
  require_device();
  for (const AttentionCase& one : attention_cases()) {
    CAPTURE(one.name);
    DcaAttentionArgs args;
    args.batch = one.batch;
    args.height = one.height;
    args.width = one.width;
    args.queries = one.height * one.width;
    args.channels = one.channels;
    args.heads = one.heads;
    args.groups = one.groups;
    args.points = one.points;
    args.zeros = one.zeros;
    const int size = one.batch * args.queries * one.channels;
    const std::vector<float> q = noise(size, -2, 2), k = noise(size + 1, -2, 2),
                             v = noise(size + 2, -2, 2);
    // Also beyond the map; one on a cell, some far away.
    const int values = 2 * one.batch * args.queries * one.groups * one.points;
    const int longest = std::max(one.height, one.width);
    std::vector<float> location = noise(values, -2, static_cast<float>(longest) + 1);
    for (int i = 0; i < values; i += 37) location[i] = 1;
    for (int i = 5; i < values; i += 101) location[i] = i % 2 ? 1e30f : -1e6f;
    std::vector<float> expected(size);
    args.q = q.data();
    args.k = k.data();
    args.v = v.data();
    args.location = location.data();
    args.out = expected.data();
    dca_attention_cpu(args);

    CHECK(nmse(attention_on_device(args, q, k, v, location), expected) <= 1e-7);
  }
}

TEST_CASE("dca_attention: NaN points affect only their query and head", "[kernels]") {
  require_device();
  DcaAttentionArgs args;
  args.batch = args.groups = args.points = 2;
  args.height = args.width = 2;
  args.queries = 4;
  args.channels = 8;
  args.heads = 2;
  const std::vector<float> q = noise(64, -1, 1), k = noise(65, -1, 1), v = noise(66, -1, 1);
  std::vector<float> location = noise(2 * 4 * 2 * 2 * 2, -1, 2);
  location[8 + 5] = kNan;  // query 1 of the first item, group 1
  const std::vector<float> got = attention_on_device(args, q, k, v, location);
  for (int i = 0; i < 64; ++i) {
    CAPTURE(i);
    CHECK(std::isnan(got[i]) == (i >= 12 && i < 16));  // head 1's four channels
  }
  args.channels = 2 * 257 * 2;
  CHECK_THROWS_AS(dca_attention_cuda(args, nullptr), std::invalid_argument);
}
