// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

namespace vremd::video {

// "BYTES:HASH", which changes with a video but takes no time: a SHA-256 (its first 16 digits) of
// the size of a file and three samples of 64 KiB, or of the names and sizes of the images of a
// folder or pattern. That of an HTTP URL is the file's, if the server allows ranges. Nothing for a
// stream.
std::optional<std::string> fingerprint(const std::string& path);

}  // namespace vremd::video
