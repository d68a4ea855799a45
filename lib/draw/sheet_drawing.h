// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "draw/drawing.h"
#include "io/record_stream.h"

namespace vremd::draw {

// One picture of evenly chosen frames with people, of all videos together.
DrawResult draw_sheet(const DrawConfig& config, io::RecordStream& records);

// PNG or JPEG by the extension; "-" is PNG on standard output. Unless `complete`, the file keeps
// its temporary name, which is returned.
std::string write_canvas(const Canvas& canvas, const std::string& path, bool force,
                         bool complete = true);

}  // namespace vremd::draw
