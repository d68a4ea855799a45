// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/enum_names.h"
#include "core/geometry.h"
#include "core/joints.h"
#include "core/random.h"
#include "ops/crop.h"

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace vremd::data {

// A label in frame pixels. weight 0: unlabelled, ignored by the loss.
struct JointLabel {
  double x = 0, y = 0, weight = 0;
};

// Distribution of scale and rotation: sigma n clipped to +- limit, or uniform within +- limit.
enum class DrawMode { kClippedNormal, kUniform };
constexpr auto enum_names(DrawMode) { return std::array{"clipped_normal", "uniform"}; }

// METHOD 1.5 and additions. All frames of a sample share one draw.
struct AugmentConfig {
  struct HalfBody {
    double prob = 0.3;
    int min_joints = 8;    // requires more labelled joints than this
    double enlarge = 1.5;  // multiple of the extent of the chosen half
  } half_body;
  struct Scale {
    DrawMode mode = DrawMode::kClippedNormal;  // of (factor - 1)
    double sigma = 0.35, limit = 0.35;
  } scale;
  struct Rotation {
    DrawMode mode = DrawMode::kClippedNormal;
    double prob = 0.6, sigma = 45, limit = 45;  // degrees
    double any = 0;  // probability of a uniform angle in +- 180 instead (upside-down people)
  } rotation;
  double flip = 0.5;
  double shift = 0;  // +- share of the region's sides

  struct Colour {
    double brightness = 0;  // factor 1 +- this
    double contrast = 0;    // factor 1 +- this, about middle grey
  } colour;

  // Neighbours of a still: the same picture, moved.
  struct Motion {
    double shift = 0.05;  // sigma of the velocity, share of the crop's sides per frame
    double rotation = 3;  // sigma, degrees per frame
    double scale = 0.03;  // sigma, per frame
    double jitter = 0.3;  // sigma of the deviation from constant velocity, in units of the above
    double still = 0;     // probability of no motion at all, of the picture and the person
    double apart = 0;     // sigma of the person's motion against the background, likewise
  } motion;

  // Degrades the key frame so that the network has to use the neighbours.
  struct Corrupt {
    double blur = 0;               // probability of a blurred key frame
    double erase = 0;              // probability of random erasing in the key frame
    double largest_blur = 8;       // radius, crop pixels
    double largest_erased = 0.45;  // side, share of the crop's
    double neighbours = 0;         // probability of random erasing in a neighbour
  } corrupt;

  // Pastes another sample's person beside this one: pictures of one person do not teach the network
  // which person it has to find.
  struct CopyPaste {
    double prob = 0;
    double near = 0.3, far = 0.6;  // distance of the centres, in crop widths
    double scale_limit = 0.3;      // its longer side is this person's times 1 +- this
    double motion = 0;             // sigma of its own motion, in units of aug.motion
  } copy_paste;
};

// The drawn augmentation of one sample.
struct Augmentation {
  ops::CropRegion region;
  double brightness = 1, contrast = 1;

  struct Erased {
    int x = 0, y = 0, width = 0, height = 0;  // crop pixels; 0 x 0: none
    int from_x = 0, from_y = 0;               // source of the fill, in the same crop
  };
  struct FrameChange {
    Affine2x3 moved;  // crop pixels -> crop pixels, for neighbours of a still
    int blur = 0;     // radius of a box blur, applied twice
    Erased erased;
  };
  std::array<FrameChange, 3> frames;  // previous, key, next

  struct Pasted {
    double size = 0;         // longer side of the box, crop pixels; 0: none
    Point middle;            // of the box, crop pixels
    std::uint64_t pick = 0;  // which sample, modulo their number
    bool flip = false;
    std::array<Affine2x3, 3> moved;  // crop pixels -> crop pixels, like FrameChange::moved
  } pasted;

  // The person moves otherwise than the background: it is pasted onto the neighbours.
  bool apart = false;
  std::array<Affine2x3, 3> person_moved;
};

// Reproducible generator for one sample of one epoch.
Random random_for(std::uint64_t seed, std::uint64_t epoch, std::uint64_t sample);

// Draws in the order of METHOD 1.5. `still`: neighbours are made by synthetic motion.
Augmentation draw_augmentation(Random& random, const AugmentConfig& config, const Box& box,
                               std::span<const JointLabel> joints, const JointSet& set,
                               const ops::CropSpec& spec, bool still);

// The plain crop of the box.
Augmentation no_augmentation(const Box& box, const ops::CropSpec& spec);

// Changes one crop [3, height, width] in place: blur, erasing, contrast, brightness. `lowest` and
// `highest`: normalised black and white per channel.
void change_crop(std::span<float> crop, int height, int width, const Augmentation& augmentation,
                 const Augmentation::FrameChange& change, std::span<const float, 3> lowest,
                 std::span<const float, 3> highest);

// Crop pixels -> pixels of the pasted person's frame, in which its box is `box`.
Affine2x3 pasted_to_frame(const Augmentation::Pasted& pasted, const Box& box);

// Blends `over` into `crop`, both [3, height, width], where `to_frame` (crop pixels -> frame
// pixels) falls into `box`, with round corners and a soft edge.
void paste_person(std::span<float> crop, std::span<const float> over, int height, int width,
                  const Affine2x3& to_frame, const Box& box);

// Labels in crop pixels; left and right are swapped if the region is flipped. Labels outside the
// crop get weight 0.
std::vector<JointLabel> joints_in_crop(std::span<const JointLabel> joints, const JointSet& set,
                                       const ops::CropRegion& region, const ops::CropSpec& spec);

}  // namespace vremd::data
