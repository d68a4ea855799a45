// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/enum_names.h"
#include "core/geometry.h"
#include "core/joints.h"
#include "core/random.h"
#include "ops/crop.h"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace vremd::data {

// A label in frame pixels. weight 0: not labelled, takes no part in the loss.
struct JointLabel {
  double x = 0, y = 0, weight = 0;
};

// Of scale and rotation: clipped_normal: sigma n, clipped to +- limit; uniform: within +- limit.
enum class DrawMode { kClippedNormal, kUniform };
constexpr auto enum_names(DrawMode) { return std::array{"clipped_normal", "uniform"}; }

// METHOD 1.5, and what it leaves open. One draw serves all frames of a sample.
struct AugmentConfig {
  struct HalfBody {
    double prob = 0.3;
    int min_joints = 8;    // more than this many must be labelled
    double enlarge = 1.5;  // of the extent of the chosen half
  } half_body;
  struct Scale {
    DrawMode mode = DrawMode::kClippedNormal;  // of the factor's distance from 1
    double sigma = 0.35, limit = 0.35;
  } scale;
  struct Rotation {
    DrawMode mode = DrawMode::kClippedNormal;
    double prob = 0.6, sigma = 45, limit = 45;  // degrees
    double any = 0;  // probability of any angle instead: people who are upside down
  } rotation;
  double flip = 0.5;
  double shift = 0;  // +- this share of the region's sides

  struct Colour {
    double brightness = 0;  // values x (1 +- this)
    double contrast = 0;    // distance from middle grey x (1 +- this)
  } colour;

  // Three frames from a still: its neighbours are the same picture, moved.
  struct Motion {
    double shift = 0.05;  // sigma of the velocity, share of the crop's sides per frame
    double rotation = 3;  // sigma, degrees per frame
    double scale = 0.03;  // sigma, per frame
    double jitter = 0.3;  // sigma of the deviation from constant velocity, in units of the above
  } motion;

  // Something is wrong with the key frame, so that the neighbours have to help.
  struct Corrupt {
    double blur = 0;               // probability of a blurred key frame
    double erase = 0;              // probability that a part of it is erased (random erasing)
    double largest_blur = 8;       // radius, crop pixels
    double largest_erased = 0.45;  // side, share of the crop's
    double neighbours = 0;         // probability that a part of a neighbour is erased
  } corrupt;

  // Another sample's person is pasted beside this one, over what is there: in pictures of one
  // person nothing else teaches which person's joints are wanted.
  struct CopyPaste {
    double prob = 0;
    double near = 0.3, far = 0.6;  // of its middle from the crop's, in shares of the crop's width
    double scale_limit = 0.3;      // the longer side of its box is this one's times 1 +- this
  } copy_paste;
};

// How one sample is changed: where it is cropped, and how the crops' values change.
struct Augmentation {
  ops::CropRegion region;
  double brightness = 1, contrast = 1;

  struct Erased {
    int x = 0, y = 0, width = 0, height = 0;  // crop pixels; 0 x 0: nothing
    int from_x = 0, from_y = 0;               // filled with the crop's own pixels from here
  };
  struct FrameChange {
    Affine2x3 moved;  // crop pixels -> crop pixels: a still's neighbours
    int blur = 0;     // radius of a box blur, twice applied
    Erased erased;
  };
  std::array<FrameChange, 3> frames;  // previous, key, next

  struct Pasted {
    double size = 0;         // longer side of the box, crop pixels; 0: none
    Point middle;            // of the box, crop pixels
    std::uint64_t pick = 0;  // which sample, modulo their number
    bool flip = false;
  } pasted;
};

// A generator for one sample of one epoch: the same at every run, on any thread.
Random random_for(std::uint64_t seed, std::uint64_t epoch, std::uint64_t sample);

// Draws in the order of METHOD 1.5. `still`: the neighbours are made by synthetic motion.
Augmentation draw_augmentation(Random& random, const AugmentConfig& config, const Box& box,
                               std::span<const JointLabel> joints, const JointSet& set,
                               const ops::CropSpec& spec, bool still);

// No change: the box as it is.
Augmentation no_augmentation(const Box& box, const ops::CropSpec& spec);

// Values of one crop [3, height, width] in place: blur, erasing, contrast, brightness. `lowest` and
// `highest` are what black and white are after normalisation, per channel.
void change_crop(std::span<float> crop, int height, int width, const Augmentation& augmentation,
                 const Augmentation::FrameChange& change, std::span<const float, 3> lowest,
                 std::span<const float, 3> highest);

// The map that crops the pasted person: crop pixels -> pixels of the frame where its `box` is.
Affine2x3 pasted_to_frame(const Augmentation::Pasted& pasted, const Box& box);

// Lays `over` on `crop`, both [3, height, width], where `to_frame` (crop pixels -> frame pixels)
// falls into `box`, with round corners and a soft edge.
void paste_person(std::span<float> crop, std::span<const float> over, int height, int width,
                  const Affine2x3& to_frame, const Box& box);

// Labels in crop pixels; left and right are exchanged where the region is flipped. What falls
// outside the crop has weight 0.
std::vector<JointLabel> joints_in_crop(std::span<const JointLabel> joints, const JointSet& set,
                                       const ops::CropRegion& region, const ops::CropSpec& spec);

}  // namespace vremd::data
