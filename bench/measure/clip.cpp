// SPDX-License-Identifier: Apache-2.0
#include "measure/clip.h"

#include "core/frame.h"
#include "core/geometry.h"
#include "io/output_file.h"
#include "io/records.h"
#include "video/writer.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdint>

namespace vremd::bench {
namespace {

// Smooth noise in 0...255 that is the same on every machine.
std::uint8_t texture(int x, int y, std::uint32_t seed) {
  const auto value = [&](int u, int v) {
    std::uint32_t h = seed + 374761393U * static_cast<std::uint32_t>(u) +
                      668265263U * static_cast<std::uint32_t>(v);
    h = (h ^ (h >> 13)) * 1274126177U;
    return static_cast<int>((h ^ (h >> 16)) & 255);
  };
  constexpr int kStep = 16;
  const int u = x / kStep, v = y / kStep, dx = x % kStep, dy = y % kStep;
  const int top = value(u, v) * (kStep - dx) + value(u + 1, v) * dx;
  const int bottom = value(u, v + 1) * (kStep - dx) + value(u + 1, v + 1) * dx;
  return static_cast<std::uint8_t>((top * (kStep - dy) + bottom * dy) / (kStep * kStep));
}

Box box_of(const ClipOptions& options, int person, int frame) {
  const double h = 0.4 * options.height, w = 0.4 * h;
  const double step = static_cast<double>(options.width - w) / (options.people + 1);
  return {step * (person + 1) + 12 * std::sin(0.3 * frame + person),
          0.3 * options.height + 9 * std::cos(0.2 * frame + 2 * person), w, h};
}

Frame picture(const ClipOptions& options, int index) {
  Frame frame;
  frame.width = options.width;
  frame.height = options.height;
  frame.rgb.resize(std::size_t{3} * options.width * options.height);
  std::uint8_t* pixel = frame.rgb.data();
  for (int y = 0; y < options.height; ++y) {
    for (int x = 0; x < options.width; ++x, pixel += 3) {
      const std::uint8_t grey = texture(x + 2 * index, y, 1);
      pixel[0] = grey, pixel[1] = static_cast<std::uint8_t>(grey / 2 + 60), pixel[2] = 90;
    }
  }
  for (int person = 0; person < options.people; ++person) {
    const Box box = box_of(options, person, index);
    const Point centre = box.centre();
    for (int y = static_cast<int>(box.y); y < static_cast<int>(box.y + box.h); ++y) {
      for (int x = static_cast<int>(box.x); x < static_cast<int>(box.x + box.w); ++x) {
        const double dx = 2 * (x - centre.x) / box.w, dy = 2 * (y - centre.y) / box.h;
        if (x < 0 || x >= options.width || dx * dx + dy * dy > 1) continue;
        std::uint8_t* at = frame.rgb.data() + 3 * (std::size_t{1} * y * options.width + x);
        at[0] = texture(x, y, 7), at[1] = 150, at[2] = 200;
      }
    }
  }
  return frame;
}

}  // namespace

std::string make_clip(const std::string& folder, const ClipOptions& options) {
  const std::string name = fmt::format("{}/{}x{}_{}_people_{}_frames", folder, options.width,
                                       options.height, options.people, options.frames);
  video::VideoWriterOptions writing;
  writing.width = options.width;
  writing.height = options.height;
  writing.force = true;
  video::VideoWriter video(name + ".mp4", writing);
  io::OutputFile file(name + ".jsonl", true);
  io::RecordWriter records(file);
  io::Header header;
  header.tool = "vremd-bench";
  header.video = name + ".mp4";
  header.width = options.width;
  header.height = options.height;
  records.write(header);
  for (int index = 0; index < options.frames; ++index) {
    video.write(picture(options, index));
    io::FrameRecord frame;
    frame.frame = index;
    frame.time = index / 25.0;
    for (int person = 0; person < options.people; ++person) {
      io::Instance instance;
      instance.box = box_of(options, person, index);
      frame.instances.push_back(instance);
    }
    records.write(frame);
  }
  video.close();
  records.write_end();
  file.commit();
  return name + ".jsonl";
}

}  // namespace vremd::bench
