// SPDX-License-Identifier: Apache-2.0
#pragma once

// A clip of a person walking to the right, and its records.

#include "core/geometry.h"
#include "io/json.h"
#include "video/writer.h"

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

namespace vremd {

// A frame of grey with a checkered "person" of 24 x 48 pixels, its upper left corner at (x, y).
inline Frame frame_with_person(int width, int height, int x, int y) {
  Frame frame;
  frame.width = width;
  frame.height = height;
  frame.rgb.assign(static_cast<std::size_t>(width) * height * 3, 96);
  for (int v = std::max(0, y); v < std::min(height, y + 48); ++v) {
    for (int u = std::max(0, x); u < std::min(width, x + 24); ++u) {
      const bool light = ((u - x) / 6 + (v - y) / 8) % 2 == 0;
      std::uint8_t* pixel = frame.rgb.data() + (static_cast<std::size_t>(v) * width + u) * 3;
      pixel[0] = static_cast<std::uint8_t>(light ? 230 : 20 + (v - y));
      pixel[1] = static_cast<std::uint8_t>(light ? 10 + 5 * (u - x) : 160);
      pixel[2] = static_cast<std::uint8_t>(light ? 120 : 2 * (v - y));
    }
  }
  return frame;
}

constexpr int kClipWidth = 160, kClipHeight = 120;

// The person moves to the right by 3 pixels per frame and restarts after 32 frames.
inline int left_of(int frame) { return 20 + 3 * (frame % 32); }
inline Box box_of(int frame) { return {static_cast<double>(left_of(frame)), 40, 24, 48}; }

inline void write_clip(const std::string& path, int frames, const std::string& codec = "ffv1",
                       int b_frames = -1) {
  video::VideoWriterOptions options;
  options.width = kClipWidth;
  options.height = kClipHeight;
  options.codecs = {codec};
  options.b_frames = b_frames;
  options.gop = 5;
  video::VideoWriter writer(path, options);
  for (int i = 0; i < frames; ++i) {
    writer.write(frame_with_person(kClipWidth, kClipHeight, left_of(i), 40));
  }
  writer.close();
}

inline Json header_record(const std::string& video) {
  return {{"type", "header"},    {"format", 1},           {"tool", "vremd-detect"},
          {"version", "0"},      {"command", "x"},        {"video", video},
          {"width", kClipWidth}, {"height", kClipHeight}, {"clue", "kept"}};
}

inline Json instance_record(const Box& box, double score = 0.9) {
  return {{"box", {box.x, box.y, box.w, box.h}}, {"box_score", score}, {"score", score}};
}

inline Json frame_record(int frame, const Json& instances) {
  return {{"type", "frame"}, {"frame", frame}, {"time", frame / 25.0}, {"instances", instances}};
}

// Records with one person in every frame.
inline std::vector<Json> walk(const std::string& video, int frames) {
  std::vector<Json> records{header_record(video)};
  for (int i = 0; i < frames; ++i) {
    records.push_back(frame_record(i, Json::array({instance_record(box_of(i))})));
  }
  records.push_back({{"type", "end"}, {"frames", frames}, {"instances", frames}});
  return records;
}

inline void write_records(const std::string& path, const std::vector<Json>& records) {
  std::ofstream out(path);
  for (const Json& record : records) out << record.dump() << '\n';
}

}  // namespace vremd
