// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "video/av.h"
#include "video/joined_file.h"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>

namespace vremd::video {

// Watches the packets of a transport stream (ISO 13818-1) for a program map that gives a video PID
// another codec: libav goes on with the codec that it knows.
class TsWatch {
 public:
  static constexpr std::int64_t kPacket = 188;

  // The next packet. True: from here on, or from the program association before it (`since`), the
  // stream is another recording.
  bool add(std::span<const std::uint8_t> packet, std::int64_t place);
  std::int64_t since() const { return since_; }

 private:
  bool add_map(std::span<const std::uint8_t> section);

  std::set<int> maps_;         // PIDs of program maps
  std::map<int, int> codecs_;  // stream type of each video PID
  std::int64_t since_ = 0;     // the last program association
};

// A part of a transport stream in a regular file, which ends where the codec changes.
class TsInput {
 public:
  // Whether a part of a file begins with packets of a transport stream.
  static bool is_one(const std::string& path, FilePart part);

  TsInput(const std::string& path, FilePart part);
  ~TsInput();
  TsInput(const TsInput&) = delete;
  TsInput& operator=(const TsInput&) = delete;

  AvIo make_io();
  // After the end: the part that follows in another codec, if any.
  std::optional<FilePart> rest() const;

 private:
  int read(std::uint8_t* to, int size);
  std::int64_t seek(std::int64_t offset, int whence);
  void watch();

  int file_;
  FilePart part_;
  std::int64_t place_ = 0, size_ = 0;  // in the part
  TsWatch watch_;
  std::int64_t watched_ = 0;  // to here, in the part
  std::optional<std::int64_t> change_;
};

}  // namespace vremd::video
