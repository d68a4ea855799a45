// SPDX-License-Identifier: Apache-2.0
#include "data/augment.h"

#include <algorithm>
#include <cmath>

namespace vremd::data {
namespace {

bool is_lower(const std::string& joint) {
  return joint.ends_with("_hip") || joint.ends_with("_knee") || joint.ends_with("_ankle");
}

// Crop region of the labelled joints of one half; nullopt if there are too few.
std::optional<ops::CropRegion> half_body(Random& random, const AugmentConfig::HalfBody& config,
                                         std::span<const JointLabel> joints, const JointSet& set,
                                         const ops::CropSpec& spec) {
  std::array<std::vector<Point>, 2> halves;  // upper, lower
  for (int j = 0; j < set.size(); ++j) {
    if (joints[j].weight > 0) {
      halves[is_lower(set.joints[j])].push_back({joints[j].x, joints[j].y});
    }
  }
  if (static_cast<int>(halves[0].size() + halves[1].size()) <= config.min_joints ||
      !chance(random, config.prob)) {
    return std::nullopt;
  }
  const bool upper_wanted = normal(random) < 0.5;  // 69 : 31, as in DCPose
  const bool upper = (upper_wanted && halves[0].size() > 2) || halves[1].size() <= 2;
  const std::vector<Point>& chosen = halves[upper ? 0 : 1];
  if (chosen.size() < 2) return std::nullopt;
  Point low = chosen[0], high = chosen[0], sum;
  for (const Point& p : chosen) {
    low = {std::min(low.x, p.x), std::min(low.y, p.y)};
    high = {std::max(high.x, p.x), std::max(high.y, p.y)};
    sum = {sum.x + p.x, sum.y + p.y};
  }
  ops::CropSpec tight = spec;
  tight.enlarge = config.enlarge;
  ops::CropRegion region = ops::crop_region({low.x, low.y, high.x - low.x, high.y - low.y}, tight);
  if (region.w < 2) return std::nullopt;
  const double count = static_cast<double>(chosen.size());
  region.centre = {sum.x / count, sum.y / count};
  return region;
}

double draw(Random& random, DrawMode mode, double sigma, double limit) {
  if (mode == DrawMode::kUniform) return uniform(random, -limit, limit);
  return std::clamp(sigma * normal(random), -limit, limit);
}

double rotation_degrees(Random& random, const AugmentConfig::Rotation& config) {
  if (config.any > 0 && chance(random, config.any)) return uniform(random, -180, 180);
  if (!chance(random, config.prob)) return 0;
  return draw(random, config.mode, config.sigma, config.limit);
}

// Rotation and scaling about the crop's centre, then a shift.
Affine2x3 motion(double angle_degrees, double scale, double dx, double dy,
                 const ops::CropSpec& spec) {
  const double angle = angle_degrees * M_PI / 180;
  const double c = scale * std::cos(angle), s = scale * std::sin(angle);
  const double mx = (spec.width - 1) / 2.0, my = (spec.height - 1) / 2.0;
  return {{c, -s, mx - c * mx + s * my + dx, s, c, my - s * mx - c * my + dy}};
}

// Of the neighbours, `times` as fast as `config` says.
std::array<Affine2x3, 3> draw_motion(Random& random, const AugmentConfig::Motion& config,
                                     double times, const ops::CropSpec& spec) {
  std::array<Affine2x3, 3> result;
  std::array<double, 4> velocity;
  for (double& v : velocity) v = normal(random);
  for (const int side : {0, 2}) {
    std::array<double, 4> v;
    for (std::size_t i = 0; i < 4; ++i) {
      v[i] = times * ((side - 1) * velocity[i] + config.jitter * normal(random));
    }
    result[side] =
        motion(config.rotation * v[0], std::exp(config.scale * v[1]),
               config.shift * v[2] * spec.width, config.shift * v[3] * spec.height, spec);
  }
  return result;
}

Augmentation::Erased erased(Random& random, double largest, const ops::CropSpec& spec) {
  Augmentation::Erased result;
  result.width = static_cast<int>(spec.width * uniform(random, 0.1, largest));
  result.height = static_cast<int>(spec.height * uniform(random, 0.1, largest));
  const auto place = [&](int size, int part) {
    return static_cast<int>(uniform(random, 0, size - part));
  };
  result.x = place(spec.width, result.width);
  result.y = place(spec.height, result.height);
  result.from_x = place(spec.width, result.width);
  result.from_y = place(spec.height, result.height);
  return result;
}

Augmentation::Pasted pasted(Random& random, const AugmentConfig::CopyPaste& config, const Box& box,
                            const ops::CropRegion& region, const ops::CropSpec& spec) {
  const double own = std::max(box.w * spec.width / region.w, box.h * spec.height / region.h);
  Augmentation::Pasted result;
  result.size = own * (1 + uniform(random, -config.scale_limit, config.scale_limit));
  const double side = chance(random, 0.5) ? 1 : -1;
  result.middle = {spec.width * (0.5 + side * uniform(random, config.near, config.far)),
                   spec.height * (0.5 + uniform(random, -0.2, 0.2))};
  result.pick = random();
  result.flip = chance(random, 0.5);
  return result;
}

// Blurs in place `count` lines, `next` apart, of `length` values, `step` apart.
void box_blur(float* values, int length, std::ptrdiff_t step, int count, std::ptrdiff_t next,
              int radius) {
  std::vector<float> line(length);
  for (int n = 0; n < count; ++n) {
    float* first = values + n * next;
    for (int i = 0; i < length; ++i) line[i] = first[i * step];
    double sum = 0;
    const auto at = [&](int i) { return line[std::clamp(i, 0, length - 1)]; };
    for (int i = -radius; i <= radius; ++i) sum += at(i);
    for (int i = 0; i < length; ++i) {
      first[i * step] = static_cast<float>(sum / (2 * radius + 1));
      sum += at(i + radius + 1) - at(i - radius);
    }
  }
}

}  // namespace

Random random_for(std::uint64_t seed, std::uint64_t epoch, std::uint64_t sample) {
  std::seed_seq seeds{seed, seed >> 32, epoch, sample, sample >> 32};
  return Random(seeds);
}

Augmentation no_augmentation(const Box& box, const ops::CropSpec& spec) {
  Augmentation result;
  result.region = ops::crop_region(box, spec);
  return result;
}

Augmentation draw_augmentation(Random& random, const AugmentConfig& config, const Box& box,
                               std::span<const JointLabel> joints, const JointSet& set,
                               const ops::CropSpec& spec, bool still) {
  Augmentation result = no_augmentation(box, spec);
  ops::CropRegion& region = result.region;
  if (const auto half = half_body(random, config.half_body, joints, set, spec)) region = *half;
  const auto& scale = config.scale;
  const double factor = 1 + draw(random, scale.mode, scale.sigma, scale.limit);
  region.w *= factor;
  region.h *= factor;
  region.angle_degrees = rotation_degrees(random, config.rotation);
  region.flip = chance(random, config.flip);
  region.centre.x += region.w * uniform(random, -config.shift, config.shift);
  region.centre.y += region.h * uniform(random, -config.shift, config.shift);
  if (region.flip && spec.geometry == ops::Geometry::kClassic) {
    // DCPose mirrors the picture before it crops: x -> width - x (METHOD 1.3).
    const double angle = region.angle_degrees * M_PI / 180, pixel = region.w / spec.width;
    region.centre.x += pixel * std::cos(angle);
    region.centre.y -= pixel * std::sin(angle);
  }
  result.brightness = 1 + uniform(random, -config.colour.brightness, config.colour.brightness);
  result.contrast = 1 + uniform(random, -config.colour.contrast, config.colour.contrast);
  if (still && !(config.motion.still > 0 && chance(random, config.motion.still))) {
    const auto moved = draw_motion(random, config.motion, 1, spec);
    for (const int side : {0, 2}) result.frames[side].moved = moved[side];
  }

  const auto& corrupt = config.corrupt;
  if (chance(random, corrupt.blur)) {
    result.frames[1].blur = static_cast<int>(uniform(random, 1, corrupt.largest_blur + 1));
  }
  if (chance(random, corrupt.erase)) {
    result.frames[1].erased = erased(random, corrupt.largest_erased, spec);
  }
  for (const int side : {0, 2}) {
    if (chance(random, corrupt.neighbours)) {
      result.frames[side].erased = erased(random, corrupt.largest_erased, spec);
    }
  }
  if (config.copy_paste.prob > 0 && chance(random, config.copy_paste.prob)) {
    result.pasted = pasted(random, config.copy_paste, box, region, spec);
    const double times = config.copy_paste.motion;
    if (times > 0) result.pasted.moved = draw_motion(random, config.motion, times, spec);
    for (const int side : {0, 2}) {
      result.pasted.moved[side] = result.pasted.moved[side].after(result.frames[side].moved);
    }
  }
  const bool moves = still && result.frames[0].moved.m != Affine2x3{}.m;
  result.apart = moves && config.motion.apart > 0;
  if (result.apart) {
    result.person_moved = draw_motion(random, config.motion, config.motion.apart, spec);
    for (const int side : {0, 2}) {
      result.person_moved[side] = result.person_moved[side].after(result.frames[side].moved);
    }
  }
  return result;
}

Affine2x3 pasted_to_frame(const Augmentation::Pasted& pasted, const Box& box) {
  const double scale = std::max(box.w, box.h) / pasted.size;
  const double across = pasted.flip ? -scale : scale;
  return {{across, 0, box.x + box.w / 2 - across * pasted.middle.x, 0, scale,
           box.y + box.h / 2 - scale * pasted.middle.y}};
}

void paste_person(std::span<float> crop, std::span<const float> over, int height, int width,
                  const Affine2x3& to_frame, const Box& box) {
  constexpr double kSoftEdge = 0.1;  // share of the distance from the centre
  const std::ptrdiff_t plane = static_cast<std::ptrdiff_t>(height) * width;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const Point p = to_frame({static_cast<double>(x), static_cast<double>(y)});
      const double u = 2 * (p.x - box.x) / box.w - 1, v = 2 * (p.y - box.y) / box.h - 1;
      if (std::abs(u) >= 1 || std::abs(v) >= 1) continue;
      const double outwards = std::sqrt(std::sqrt(u * u * u * u + v * v * v * v));
      const auto share = static_cast<float>(std::clamp((1 - outwards) / kSoftEdge, 0.0, 1.0));
      for (int c = 0; c < 3; ++c) {
        const std::ptrdiff_t at = c * plane + static_cast<std::ptrdiff_t>(y) * width + x;
        crop[at] += share * (over[at] - crop[at]);
      }
    }
  }
}

void change_crop(std::span<float> crop, int height, int width, const Augmentation& augmentation,
                 const Augmentation::FrameChange& change, std::span<const float, 3> lowest,
                 std::span<const float, 3> highest) {
  const std::ptrdiff_t plane = static_cast<std::ptrdiff_t>(height) * width;
  for (int c = 0; c < 3; ++c) {
    float* values = crop.data() + c * plane;
    for (int pass = 0; change.blur > 0 && pass < 2; ++pass) {
      box_blur(values, width, 1, height, width, change.blur);
      box_blur(values, height, width, width, 1, change.blur);
    }
    const auto& erased = change.erased;
    if (erased.width > 0) {
      std::vector<float> patch;
      patch.reserve(static_cast<std::size_t>(erased.width) * erased.height);
      for (int y = 0; y < erased.height; ++y) {
        const float* row = values + static_cast<std::ptrdiff_t>(erased.from_y + y) * width;
        patch.insert(patch.end(), row + erased.from_x, row + erased.from_x + erased.width);
      }
      for (int y = 0; y < erased.height; ++y) {
        std::copy_n(patch.data() + static_cast<std::ptrdiff_t>(y) * erased.width, erased.width,
                    values + static_cast<std::ptrdiff_t>(erased.y + y) * width + erased.x);
      }
    }
    if (augmentation.brightness == 1 && augmentation.contrast == 1) continue;
    // Contrast about middle grey, brightness from black, clipped to the range of pixels.
    const auto middle = (lowest[c] + highest[c]) / 2;
    const auto contrast = static_cast<float>(augmentation.contrast);
    const auto brightness = static_cast<float>(augmentation.brightness);
    for (std::ptrdiff_t i = 0; i < plane; ++i) {
      const float v = middle + contrast * (values[i] - middle);
      values[i] = std::clamp(lowest[c] + brightness * (v - lowest[c]), lowest[c], highest[c]);
    }
  }
}

std::vector<JointLabel> joints_in_crop(std::span<const JointLabel> joints, const JointSet& set,
                                       const ops::CropRegion& region, const ops::CropSpec& spec) {
  const Affine2x3 map = ops::frame_to_crop(region, spec);
  std::vector<JointLabel> result(joints.size());
  for (std::size_t j = 0; j < joints.size(); ++j) {
    const Point p = map({joints[j].x, joints[j].y});
    const bool inside = p.x >= 0 && p.y >= 0 && p.x < spec.width && p.y < spec.height;
    result[j] = {p.x, p.y, inside ? joints[j].weight : 0};
  }
  if (region.flip) {
    for (const auto& [a, b] : set.flip_pairs) std::swap(result[a], result[b]);
  }
  return result;
}

}  // namespace vremd::data
