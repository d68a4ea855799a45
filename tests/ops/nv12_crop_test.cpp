// SPDX-License-Identifier: Apache-2.0

// nv12_crop on the device (kernels_test.cpp) and its reference against the way without it: the
// whole picture to RGB, turned, and warp_affine.

#include "ops/nv12_crop.h"

#include "compare.h"
#include "core/error.h"
#include "device_buffer.h"
#include "ops/crop.h"
#include "ops/warp_affine.h"
#include "require_device.h"
#include "video/yuv_to_rgb.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <deque>
#include <limits>
#include <random>
#include <utility>
#include <vector>

using namespace vremd;
using namespace vremd::ops;

namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

using Map = std::array<float, 6>;

struct Format {
  int depth = 8;
  YuvMatrix matrix = kBt709;
  bool full_range = false;
  Orientation orientation;
};

// A picture as a decoder leaves it. What does not belong to it, padding and unused bits, is random.
class Picture {
 public:
  Picture(int width, int height, const Format& format, int padding, unsigned seed)
      : format_(format), engine_(seed) {
    const int bytes = format.depth > 8 ? 2 : 1;
    surface_.width = width;
    surface_.height = height;
    surface_.depth = format.depth;
    surface_.orientation = format.orientation;
    surface_.factors = yuv_factors(format.matrix, format.depth, format.full_range);
    surface_.luma_pitch = (width + padding) * bytes;
    surface_.chroma_pitch = ((width + 1) / 2 + padding) * 2 * bytes;
    luma_ = random_bytes(surface_.luma_pitch * height);
    chroma_ = random_bytes(surface_.chroma_pitch * ((height + 1) / 2));
    surface_.luma = luma_.data();
    surface_.chroma = chroma_.data();
  }
  Picture(const Picture&) = delete;
  Picture& operator=(const Picture&) = delete;

  const Nv12Surface& surface() const { return surface_; }
  const std::vector<std::uint8_t>& luma() const { return luma_; }
  const std::vector<std::uint8_t>& chroma() const { return chroma_; }
  int displayed_width() const { return turned() ? surface_.height : surface_.width; }
  int displayed_height() const { return turned() ? surface_.width : surface_.height; }

  // 8 bits, without padding
  void set_luma(const std::vector<std::uint8_t>& rows) {
    fill(luma_, surface_.luma_pitch, surface_.width, rows);
  }
  void set_chroma(const std::vector<std::uint8_t>& rows) {
    fill(chroma_, surface_.chroma_pitch, (surface_.width + 1) / 2 * 2, rows);
  }

  // The displayed picture, RGB, by yuv_to_rgb.
  std::vector<std::uint8_t> rgb() const {
    const int width = surface_.width, height = surface_.height;
    const int chroma_width = (width + 1) / 2, chroma_height = (height + 1) / 2;
    std::vector<std::uint8_t> planes[3];
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) append(planes[0], luma_, y * surface_.luma_pitch, x);
    }
    for (int y = 0; y < chroma_height; ++y) {
      for (int x = 0; x < 2 * chroma_width; ++x) {
        append(planes[1 + x % 2], chroma_, y * surface_.chroma_pitch, x);
      }
    }
    video::YuvPicture yuv;
    const int bytes = format_.depth > 8 ? 2 : 1;
    for (int i = 0; i < 3; ++i) {
      yuv.planes[i] = planes[i].data();
      yuv.strides[i] = (i == 0 ? width : chroma_width) * bytes;
    }
    yuv.width = width;
    yuv.height = height;
    yuv.depth = format_.depth;
    yuv.chroma_shift_x = yuv.chroma_shift_y = 1;
    yuv.matrix = format_.matrix;
    yuv.full_range = format_.full_range;
    std::vector<std::uint8_t> stored(static_cast<std::size_t>(width) * height * 3);
    video::yuv_to_rgb(yuv, stored.data());

    const Orientation how = format_.orientation;
    std::vector<std::uint8_t> displayed(stored.size());
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        int u = how.transposed ? y : x, v = how.transposed ? x : y;
        if (how.flip_x) u = displayed_width() - 1 - u;
        if (how.flip_y) v = displayed_height() - 1 - v;
        std::copy_n(stored.begin() + 3 * (y * width + x), 3,
                    displayed.begin() + 3 * (v * displayed_width() + u));
      }
    }
    return displayed;
  }

 private:
  bool turned() const { return format_.orientation.transposed; }

  std::vector<std::uint8_t> random_bytes(int size) {
    std::vector<std::uint8_t> bytes(size);
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(engine_());
    return bytes;
  }

  static void fill(std::vector<std::uint8_t>& plane, int pitch, int width,
                   const std::vector<std::uint8_t>& rows) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      plane[i / width * pitch + i % width] = rows[i];
    }
  }

  // The sample as yuv_to_rgb expects it: in the low bits.
  void append(std::vector<std::uint8_t>& to, const std::vector<std::uint8_t>& plane, int row,
              int index) const {
    if (format_.depth == 8) return to.push_back(plane[row + index]);
    const int value = plane[row + 2 * index] | plane[row + 2 * index + 1] << 8;
    const auto shifted = static_cast<std::uint16_t>(value >> (16 - format_.depth));
    to.push_back(static_cast<std::uint8_t>(shifted));
    to.push_back(static_cast<std::uint8_t>(shifted >> 8));
  }

  Format format_;
  std::mt19937 engine_;
  std::vector<std::uint8_t> luma_, chroma_;
  Nv12Surface surface_;
};

struct Crop {
  const Picture* picture;
  Map map;
};

struct Size {
  int height, width;
  bool swap = false;
};

template <typename Args>
Args args_for(const std::vector<Crop>& crops, Size size) {
  Args args;
  args.count = static_cast<int>(crops.size());
  args.height = size.height;
  args.width = size.width;
  args.swap = size.swap;
  for (int c = 0; c < 3; ++c) {
    args.scale[c] = 0.017f * static_cast<float>(c + 1);
    args.bias[c] = 0.6f - static_cast<float>(c);
  }
  return args;
}

std::vector<float> maps_of(const std::vector<Crop>& crops) {
  std::vector<float> maps;
  for (const Crop& crop : crops) maps.insert(maps.end(), crop.map.begin(), crop.map.end());
  return maps;
}

std::vector<float> nan_crops(const std::vector<Crop>& crops, Size size) {
  return std::vector<float>(crops.size() * 3 * size.height * size.width, kNan);
}

// The way without nv12_crop.
std::vector<float> by_rgb(const std::vector<Crop>& crops, Size size) {
  std::deque<std::vector<std::uint8_t>> pictures;
  std::vector<const std::uint8_t*> pointers;
  std::vector<int> sizes;
  for (const Crop& crop : crops) {
    const int width = crop.picture->displayed_width();
    pictures.push_back(crop.picture->rgb());
    pointers.push_back(pictures.back().data());
    sizes.insert(sizes.end(), {width, crop.picture->displayed_height(), 3 * width});
  }
  const std::vector<float> maps = maps_of(crops);
  std::vector<float> out = nan_crops(crops, size);
  auto args = args_for<WarpAffineArgs>(crops, size);
  args.pictures = pointers.data();
  args.sizes = sizes.data();
  args.crop_to_frame = maps.data();
  args.crops = out.data();
  warp_affine_cpu(args);
  return out;
}

std::vector<float> by_reference(const std::vector<Crop>& crops, Size size) {
  std::vector<Nv12Surface> surfaces;
  for (const Crop& crop : crops) surfaces.push_back(crop.picture->surface());
  const std::vector<float> maps = maps_of(crops);
  std::vector<float> out = nan_crops(crops, size);
  auto args = args_for<Nv12CropArgs>(crops, size);
  args.surfaces = surfaces.data();
  args.crop_to_frame = maps.data();
  args.crops = out.data();
  nv12_crop_cpu(args);
  return out;
}

std::vector<float> by_kernel(const std::vector<Crop>& crops, Size size) {
  std::deque<DeviceBuffer<std::uint8_t>> planes;  // stable addresses
  std::vector<Nv12Surface> surfaces;
  for (const Crop& crop : crops) {
    surfaces.push_back(crop.picture->surface());
    planes.emplace_back(crop.picture->luma());
    surfaces.back().luma = planes.back().data();
    planes.emplace_back(crop.picture->chroma());
    surfaces.back().chroma = planes.back().data();
    check_nv12_surface(surfaces.back());
  }
  DeviceBuffer<Nv12Surface> device_surfaces(surfaces);
  DeviceBuffer<float> maps(maps_of(crops));
  DeviceBuffer<float> out(nan_crops(crops, size));
  auto args = args_for<Nv12CropArgs>(crops, size);
  args.surfaces = device_surfaces.data();
  args.crop_to_frame = maps.data();
  args.crops = out.data();
  nv12_crop_cuda(args, nullptr);
  return out.to_host();
}

// Where the bits differ first; -1: nowhere.
int first_difference(const std::vector<float>& a, const std::vector<float>& b) {
  const auto same = [](float x, float y) {
    return std::bit_cast<std::uint32_t>(x) == std::bit_cast<std::uint32_t>(y);
  };
  if (a.size() != b.size()) return 0;
  const auto found = std::ranges::mismatch(a, b, same).in1;
  return found == a.end() ? -1 : static_cast<int>(found - a.begin());
}

// All three ways give the same bits; returns the crops.
std::vector<float> check_equal(const std::vector<Crop>& crops, Size size) {
  const std::vector<float> expected = by_rgb(crops, size);
  CHECK(first_difference(by_reference(crops, size), expected) == -1);
  CHECK(first_difference(by_kernel(crops, size), expected) == -1);
  return expected;
}

// Clockwise.
Orientation rotation(int degrees) {
  switch (degrees) {
    case 90: return {true, true, false};
    case 180: return {false, true, true};
    case 270: return {true, false, true};
    default: return {};
  }
}

constexpr std::array kMatrices{kBt601, kBt709, kBt2020, kFcc, kSmpte240};

}  // namespace

// Each launch has crops of different surfaces.
TEST_CASE("nv12_crop equals yuv_to_rgb and warp_affine bit for bit", "[kernels]") {
  require_device();
  const int depth = GENERATE(8, 9, 10, 12, 16);
  const auto [width, height, padding] = GENERATE(table<int, int, int>(
      {{1, 1, 0}, {2, 2, 1}, {1, 6, 0}, {7, 1, 5}, {33, 21, 31}, {40, 26, 0}}));
  CAPTURE(depth, width, height, padding);
  std::mt19937 engine(static_cast<unsigned>(depth * width));
  std::uniform_real_distribution<float> slope(-2, 2), place(-0.3f, 1.3f);
  std::deque<Picture> pictures;
  std::vector<Crop> crops;
  for (const YuvMatrix& matrix : kMatrices) {
    for (const bool full_range : {false, true}) {
      for (unsigned bits = 0; bits < 8; ++bits) {
        const Orientation orientation{(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0};
        const Picture& picture = pictures.emplace_back(
            width, height, Format{depth, matrix, full_range, orientation}, padding, engine());
        const auto w = static_cast<float>(picture.displayed_width());
        const auto h = static_cast<float>(picture.displayed_height());
        crops.push_back({&picture,
                         {slope(engine), slope(engine), place(engine) * w, slope(engine),
                          slope(engine), place(engine) * h}});
      }
    }
  }
  check_equal(crops, {19, 14, depth == 12});
}

TEST_CASE("nv12_crop has the colours of yuv_to_rgb over their whole range", "[kernels]") {
  require_device();
  const YuvMatrix matrix = GENERATE(from_range(kMatrices));
  const bool full_range = GENERATE(false, true);
  CAPTURE(matrix.red, full_range);
  // Every fifth value of each: 52 x 52 blocks of chroma, each with four of 52 luma values in turn.
  constexpr int kSteps = 52, kSide = 2 * kSteps;
  std::deque<Picture> pictures;
  std::vector<Crop> crops;
  for (int first = 0; first < kSteps; first += 4) {
    Picture& picture = pictures.emplace_back(kSide, kSide, Format{8, matrix, full_range, {}}, 0, 1);
    std::vector<std::uint8_t> luma(kSide * kSide), chroma(kSteps * kSide);
    for (int i = 0; i < kSide * kSide; ++i) {
      const int x = i % kSide, y = i / kSide;
      luma[i] = static_cast<std::uint8_t>(5 * (first + x % 2 + y % 2 * 2));
    }
    for (int i = 0; i < kSteps * kSteps; ++i) {
      chroma[2 * i] = static_cast<std::uint8_t>(5 * (i % kSteps));
      chroma[2 * i + 1] = static_cast<std::uint8_t>(5 * (i / kSteps));
    }
    picture.set_luma(luma);
    picture.set_chroma(chroma);
    crops.push_back({&picture, {1, 0, 0, 0, 1, 0}});
  }
  check_equal(crops, {kSide, kSide});
}

TEST_CASE("nv12_crop takes 0 outside the picture", "[kernels]") {
  require_device();
  const int degrees = GENERATE(0, 90, 180, 270);
  const int depth = GENERATE(8, 10);
  CAPTURE(degrees, depth);
  const Picture picture(31, 17, {depth, kBt709, false, rotation(degrees)}, 3, 5);
  const auto w = static_cast<float>(picture.displayed_width());
  const auto h = static_cast<float>(picture.displayed_height());
  const Size size{9, 11};
  const auto args = args_for<Nv12CropArgs>({}, size);

  // Wholly outside, up to where the last pixel ends, and maps without sense.
  const std::vector<Crop> outside{
      {&picture, {1, 0, w, 0, 1, 0}},         {&picture, {1, 0, -11, 0, 1, 0}},
      {&picture, {1, 0, 0, 0, 1, h}},         {&picture, {1, 0, 0, 0, 1, -9}},
      {&picture, {1, 0, 500, 0, 1, -500}},    {&picture, {1, 0, kNan, 0, 1, 0}},
      {&picture, {kInfinity, 0, 0, 0, 1, 0}}, {&picture, {1, 0, 0, 0, 1, -kInfinity}},
      {&picture, {1, 0, 1e30f, 0, 1, 0}}};
  const std::vector<float> got = check_equal(outside, size);
  const int plane = size.height * size.width;
  for (std::size_t i = 0; i < got.size(); ++i) {
    if (got[i] != args.bias[i / plane % 3]) FAIL_CHECK("not 0 at " << i);
  }

  // Partly outside, on each side and at all corners, also between pixels.
  std::vector<Crop> partly;
  for (const float x : {-5.0f, -0.25f, 8.0f, w - 6.5f}) {
    for (const float y : {-4.75f, 3.0f, h - 4}) partly.push_back({&picture, {1, 0, x, 0, 1, y}});
  }
  partly.push_back({&picture, {8, 0, -20, 0, 8, -20}});        // the picture in the crop
  partly.push_back({&picture, {1e-3f, 0, -1, 0, 1e-3f, -1}});  // around the very first corner
  check_equal(partly, size);
}

TEST_CASE("nv12_crop turns the picture as it is displayed", "[kernels]") {
  require_device();
  const auto [degrees, height, width, expected] =
      GENERATE(table<int, int, int, std::vector<float>>({
          {0, 2, 3, {10, 20, 30, 40, 50, 60}},
          {90, 3, 2, {40, 10, 50, 20, 60, 30}},
          {180, 2, 3, {60, 50, 40, 30, 20, 10}},
          {270, 3, 2, {30, 60, 20, 50, 10, 40}},
      }));
  CAPTURE(degrees);
  Picture picture(3, 2, {8, kBt601, true, rotation(degrees)}, 2, 1);
  picture.set_luma({10, 20, 30, 40, 50, 60});
  picture.set_chroma({128, 128, 128, 128});
  const std::vector<float> got = check_equal({{&picture, {1, 0, 0, 0, 1, 0}}}, {height, width});
  const auto args = args_for<Nv12CropArgs>({}, {});
  for (int i = 0; i < 6; ++i) CHECK(got[i] == expected[i] * args.scale[0] + args.bias[0]);
}

TEST_CASE("nv12_crop: a mirrored map mirrors the crop", "[kernels]") {
  require_device();
  const int degrees = GENERATE(0, 90, 180, 270);
  const Picture picture(61, 47, {8, kBt709, false, rotation(degrees)}, 3, 9);
  const Size size{24, 18};
  const auto mirrored = [&](std::vector<float> crop) {
    for (auto row = crop.begin(); row != crop.end(); row += size.width) {
      std::reverse(row, row + size.width);
    }
    return crop;
  };

  // The coefficients are exact, so the points are the same ones.
  const Map map{1.25f, 0.5f, -3.75f, -0.25f, 1.5f, 6.5f};
  const float last = static_cast<float>(size.width) - 1;
  const Map flipped{-map[0], map[1], map[2] + map[0] * last,
                    -map[3], map[4], map[5] + map[3] * last};
  const std::vector<float> plain = check_equal({{&picture, map}}, size);
  CHECK(first_difference(check_equal({{&picture, flipped}}, size), mirrored(plain)) == -1);
  CHECK(first_difference(plain, mirrored(plain)) != -1);

  // A person's crop, as vremd-pose mirrors it: rounded coefficients.
  CropSpec spec;
  spec.height = size.height;
  spec.width = size.width;
  CropRegion region = crop_region({7, 5, 20, 33}, spec);
  const auto person = [&](bool flip) {
    region.flip = flip;
    Map floats;
    std::ranges::transform(frame_to_crop(region, spec).inverse().m, floats.begin(),
                           [](double value) { return static_cast<float>(value); });
    return check_equal({{&picture, floats}}, size);
  };
  CHECK(nmse(person(true), mirrored(person(false))) <= 1e-10);
}

// x = (u + 0.5) / s - 0.5: pixels as cells. Around the scaled picture is 0; a detector that wants
// another grey there fills it, and one that rounds to 8 bits does so afterwards.
TEST_CASE("nv12_crop makes a detector's letterbox", "[kernels]") {
  require_device();
  const int degrees = GENERATE(0, 90, 180, 270);
  const int depth = GENERATE(8, 10);
  CAPTURE(degrees, depth);
  constexpr int kSide = 32;
  const Picture picture(96, 54, {depth, kBt709, false, rotation(degrees)}, 16, 3);
  const int w = picture.displayed_width(), h = picture.displayed_height();
  const double scale = static_cast<double>(kSide) / std::max(w, h);
  const auto step = static_cast<float>(1 / scale), start = static_cast<float>(0.5 / scale - 0.5);
  const std::vector<float> got =
      check_equal({{&picture, {step, 0, start, 0, step, start}}}, {kSide, kSide, true});

  // BGR: bilinear without antialiasing, in double.
  const std::vector<std::uint8_t> rgb = picture.rgb();
  const auto args = args_for<Nv12CropArgs>({}, {});
  const int inner_width = w * kSide / std::max(w, h), inner_height = h * kSide / std::max(w, h);
  std::vector<float> expected(got.size());
  for (int c = 0; c < 3; ++c) {
    for (int v = 0; v < kSide; ++v) {
      for (int u = 0; u < kSide; ++u) {
        double value = 0;
        if (u < inner_width && v < inner_height) {
          const double x = (u + 0.5) / scale - 0.5, y = (v + 0.5) / scale - 0.5;
          const int left = static_cast<int>(x), top = static_cast<int>(y);
          const auto at = [&](int column, int row) {
            return rgb[3 * (std::min(row, h - 1) * w + std::min(column, w - 1)) + c];
          };
          const double a = x - left, b = y - top;
          value = (1 - b) * ((1 - a) * at(left, top) + a * at(left + 1, top)) +
                  b * ((1 - a) * at(left, top + 1) + a * at(left + 1, top + 1));
        }
        expected[((2 - c) * kSide + v) * kSide + u] =
            static_cast<float>(value * args.scale[c] + args.bias[c]);
      }
    }
  }
  CHECK(nmse(got, expected) <= 1e-12);
}

TEST_CASE("nv12_crop: an empty batch", "[kernels]") {
  require_device();
  CHECK(check_equal({}, {4, 4}).empty());
}

TEST_CASE("nv12_crop refuses surfaces that are none", "[kernels]") {
  require_device();
  const Picture narrow(5, 5, {8, kBt709, false, {}}, 2, 1),
      wide(5, 5, {10, kBt709, false, {}}, 2, 1);
  CHECK_NOTHROW(check_nv12_surface(narrow.surface()));
  CHECK_NOTHROW(check_nv12_surface(wide.surface()));
  const auto refuses = [](Nv12Surface surface, auto change) {
    change(surface);
    CHECK_THROWS_AS(check_nv12_surface(surface), Error);
    const Map map{1, 0, 0, 0, 1, 0};
    std::vector<float> crop(3);
    Nv12CropArgs args;
    args.surfaces = &surface;
    args.crop_to_frame = map.data();
    args.crops = crop.data();
    args.count = args.height = args.width = 1;
    CHECK_THROWS_AS(nv12_crop_cpu(args), Error);
  };
  refuses(narrow.surface(), [](Nv12Surface& s) { s.luma = nullptr; });
  refuses(narrow.surface(), [](Nv12Surface& s) { s.chroma = nullptr; });
  refuses(narrow.surface(), [](Nv12Surface& s) { s.width = 0; });
  refuses(narrow.surface(), [](Nv12Surface& s) { s.height = -1; });
  refuses(narrow.surface(), [](Nv12Surface& s) { s.depth = 7; });
  refuses(narrow.surface(), [](Nv12Surface& s) { s.depth = 17; });
  refuses(narrow.surface(), [](Nv12Surface& s) { s.depth = 10; });        // factors of 8 bits
  refuses(narrow.surface(), [](Nv12Surface& s) { s.luma_pitch = 4; });    // 5 samples
  refuses(narrow.surface(), [](Nv12Surface& s) { s.chroma_pitch = 4; });  // 3 pairs
  refuses(narrow.surface(), [](Nv12Surface& s) { s.chroma_pitch = 7; });
  refuses(narrow.surface(), [](Nv12Surface& s) { ++s.chroma; });
  refuses(wide.surface(), [](Nv12Surface& s) { s.luma_pitch = 8; });
  refuses(wide.surface(), [](Nv12Surface& s) { s.luma_pitch = 11; });
  refuses(wide.surface(), [](Nv12Surface& s) { s.chroma_pitch = 14; });
  refuses(wide.surface(), [](Nv12Surface& s) { ++s.luma; });
  refuses(wide.surface(), [](Nv12Surface& s) { s.chroma += 2; });
}
