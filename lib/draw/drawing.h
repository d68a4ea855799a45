// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/frame_range.h"
#include "draw/canvas.h"
#include "draw/overlay.h"
#include "io/record_stream.h"

#include <cstdint>
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
  FrameRange range;  // of records

  int threads = 1;
  std::function<bool()> stopped = [] { return false; };  // true ends reading
  std::function<void()> drawn = [] {};                   // called after each frame
};

struct DrawResult {
  std::int64_t videos = 0, frames = 0;
  bool complete = true;              // every video was drawn, and no input was truncated
  std::vector<std::string> partial;  // temporary names of incomplete outputs
};

// Draws records on the pictures of their videos, without inference. A folder gets a PNG per
// frame or, with several videos, one file per video: NAME.mp4, for a still picture NAME.png.
// Error "place: what"; with several videos, one that fails is reported and the others are drawn.
DrawResult draw_records(const DrawConfig& config);

// One picture of evenly chosen frames with people, of all videos together.
DrawResult draw_sheet(const DrawConfig& config, io::RecordStream& records);

// PNG or JPEG by the extension; "-" is PNG on standard output. Unless `complete`, the file keeps
// its temporary name, which is returned.
std::string write_canvas(const Canvas& canvas, const std::string& path, bool force,
                         bool complete = true);

}  // namespace vremd::draw
