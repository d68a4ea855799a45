// SPDX-License-Identifier: Apache-2.0
#pragma once

// --images: the frames that the output has are those of a file, such as a data set's annotations.

#include "convert/format.h"

#include <memory>
#include <string>

namespace vremd::convert {

// `path`: a file of any format, or a folder of JSON files. Its videos and frames go to `next`, in
// their order, with their names, numbers, ids and sizes, and with the people of the input; those of
// which the input has none are empty. A frame of the input is known by its image_id, else in the
// sequence of its video's name (the only one, where the file has one) by its picture's name, else
// by its number.
//
// Errors: a frame of the input that the file does not have, or that the input has twice; a cut
// input; people of one sequence with different joints. The people are held until the end.
std::unique_ptr<RecordSink> fill_frames(const std::string& path, const ReadContext& context,
                                        RecordSink& next);

}  // namespace vremd::convert
