// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "draw/canvas.h"
#include "draw/overlay.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace vremd::draw {

// The kind of output, by its name.
enum class OutputKind {
  kVideo,    // any other extension: a container
  kPicture,  // .png .jpg .jpeg, or "-": PNG on standard output
  kFolder,   // ends in '/', is a folder, or has no extension
};
OutputKind output_kind(const std::string& output);

// The size of the drawing of a frame, which keeps its aspect ratio.
struct SizeRule {
  std::optional<Size> bounds;  // "WxH": scaled to fit
  double scale = 1;            // "NUM", without bounds

  static std::optional<SizeRule> parse(const std::string& text);  // "" = 1; nothing: invalid
  Size of(Size frame) const;
};

struct DrawConfig {
  std::vector<std::string> inputs;  // records; "-" is standard input
  std::string output;
  bool force = false;  // replace existing files
  std::string video;   // replaces the one named in the records
  std::string root;    // directory prepended to relative video paths
  std::string size;    // SizeRule
  bool sheet = false;  // one picture of evenly chosen frames
  int sheet_frames = 12;
  OverlayStyle style;

  int threads = 1;
  std::function<bool()> stopped = [] { return false; };  // true ends reading
  std::function<void()> drawn = [] {};                   // called after each frame
};

}  // namespace vremd::draw
