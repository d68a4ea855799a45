// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "draw/canvas.h"
#include "draw/overlay.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace vremd::draw {

// How the drawing is written, by the name of the output.
enum class OutputKind {
  kVideo,    // any ending that is not a picture's: a container
  kPicture,  // .png .jpg .jpeg, or "-": PNG on standard output
  kFolder,   // ends in '/', is a folder, or has no ending
};
OutputKind output_kind(const std::string& output);

// How large a frame is drawn, always with its own aspect.
struct SizeRule {
  std::optional<Size> bounds;  // "WxH": fitted into them
  double scale = 1;            // "NUM", where there are no bounds

  static std::optional<SizeRule> parse(const std::string& text);  // "" = 1; nothing: not a rule
  Size of(Size frame) const;
};

struct DrawConfig {
  std::vector<std::string> inputs;  // records; "-" is standard input
  std::string output;
  bool force = false;  // replace existing files
  std::string video;   // instead of the one that the records name
  std::string root;    // folder in front of the videos' relative names
  std::string size;    // SizeRule
  bool sheet = false;  // one picture of evenly chosen frames
  int sheet_frames = 12;
  OverlayStyle style;

  int threads = 1;
  std::function<bool()> stopped = [] { return false; };  // true ends the reading
  std::function<void()> drawn = [] {};                   // called after each frame
};

}  // namespace vremd::draw
