// SPDX-License-Identifier: Apache-2.0
#include "io/zstd.h"
#include "core/error.h"
#include "io/done_records.h"
#include "io/output_file.h"
#include "io/record_stream.h"
#include "temporary_folder.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <sys/stat.h>

#include <chrono>
#include <fstream>
#include <random>
#include <thread>
#include <vector>

using namespace vremd;
using namespace vremd::io;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;

namespace {

const std::string kHeader = R"({"type":"header","video":"a.mp4"})";
const std::string kEnd = R"({"type":"end","frames":9})";

std::string frame(int index, const std::string& extra = "") {
  return R"({"type":"frame","frame":)" + std::to_string(index) + R"(,"instances":[],"x":")" +
         extra + "\"}";
}

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Digits that cannot be compressed to less than about 42 %.
std::string noise(std::size_t bytes, unsigned seed) {
  std::mt19937 random(seed);
  std::string text(bytes, '0');
  for (char& c : text) c = static_cast<char>('0' + random() % 10);
  return text;
}

void write(const std::string& path, const std::vector<std::string>& lines) {
  OutputFile out(path, true);
  for (const std::string& line : lines) out.write_line(line);
  out.commit();
}

std::vector<std::string> read(const std::string& path, LastLine last = LastLine::kAsItIs) {
  JsonLinesReader reader(path, {}, last);
  std::vector<std::string> lines;
  while (const auto line = reader.line()) lines.emplace_back(*line);
  return lines;
}

// About 20 MB of text: five of Zstandard's frames.
std::vector<std::string> long_records() {
  std::vector<std::string> lines{kHeader};
  for (int i = 0; i < 200; ++i) lines.push_back(frame(i, noise(100'000, static_cast<unsigned>(i))));
  lines.push_back(kEnd);
  return lines;
}

std::vector<std::size_t> frame_starts(const std::string& bytes) {
  std::vector<std::size_t> starts;
  for (std::size_t at = bytes.find("\x28\xb5\x2f\xfd"); at != bytes.npos;
       at = bytes.find("\x28\xb5\x2f\xfd", at + 1)) {
    starts.push_back(at);
  }
  return starts;
}

}  // namespace

TEST_CASE("a name ending in .zst compresses, the content decides when reading") {
  const TemporaryFolder folder;
  const std::string path = folder / "a.jsonl.zst";
  const std::vector<std::string> lines{kHeader, frame(0), frame(1), kEnd};
  write(path, lines);
  CHECK(begins_as_zstd(content(path)));
  CHECK(read(path) == lines);
  CHECK(has_end(path));
  CHECK(first_header(path)->video == "a.mp4");
  std::filesystem::rename(path, folder / "renamed");
  CHECK(read(folder / "renamed") == lines);
  write(folder / "plain.jsonl", lines);
  std::filesystem::rename(folder / "plain.jsonl", folder / "plain.zst");
  CHECK(read(folder / "plain.zst") == lines);
  CHECK(holds_all_of(folder / "renamed", folder / "plain.zst"));

  // Concatenated, and with a skippable frame of another program before each.
  const std::string skippable{"\x51\x2a\x4d\x18\x03\0\0\0abc", 11},
      one = content(folder / "renamed");
  const std::string two = folder.save("two", skippable + one + skippable + one + skippable);
  CHECK(read(two).size() == 2 * lines.size());
  CHECK(has_end(two));
  CHECK(read(folder.save("empty.zst", "")).empty());
  CHECK(read_text_file(folder.save("short.zst", "\x28\xb5")) == "\x28\xb5");
}

TEST_CASE("long text is cut into frames, and the last one shows the end") {
  const TemporaryFolder folder;
  const std::string path = folder / "a.jsonl.zst";
  const std::vector<std::string> lines = long_records();
  write(path, lines);
  const std::string bytes = content(path);
  CHECK(frame_starts(bytes).size() == 5);
  CHECK(bytes.size() < 10'000'000);
  CHECK(read(path) == lines);
  CHECK(has_end(path));
  CHECK_FALSE(has_end(folder.save("cut", bytes.substr(0, bytes.size() - 1))));
  CHECK_FALSE(has_end(folder.save("longer", bytes + "x")));
  CHECK_FALSE(has_end(folder.save("first", bytes.substr(0, frame_starts(bytes)[1]))));
  std::string damaged = bytes;
  damaged[bytes.size() - 2] ^= 1;  // of the checksum
  CHECK_FALSE(has_end(folder.save("damaged", damaged)));
  // A last frame that holds less than a line.
  write(folder / "end.zst", {kEnd});
  std::vector<std::string> open = lines;
  open.pop_back();
  write(folder / "open.zst", open);
  CHECK_FALSE(has_end(folder / "open.zst"));
  CHECK(has_end(folder.save("both", content(folder / "open.zst") + content(folder / "end.zst"))));
}

TEST_CASE("a cut file is read up to its last whole block") {
  const TemporaryFolder folder;
  const std::vector<std::string> lines = long_records();
  write(folder / "a.zst", lines);
  const std::string bytes = content(folder / "a.zst");
  for (const std::size_t size : {bytes.size() / 3, bytes.size() / 2, bytes.size() - 1}) {
    const std::string cut = folder.save("cut", bytes.substr(0, size));
    const std::vector<std::string> left = read(cut);
    CAPTURE(size, left.size());
    CHECK(std::equal(left.begin(), left.end(), lines.begin()));
    // At most a block of 128 KiB, and the line that it tears.
    CHECK(static_cast<double>(left.size() + 3) > lines.size() * (double(size) / bytes.size()));
    CHECK(holds_all_of(folder / "a.zst", cut));
    CHECK((left.size() == lines.size()) == (size == bytes.size() - 1));
  }
  CHECK_THROWS_WITH(read_text_file(folder / "cut"), ContainsSubstring("cut: truncated zstd data"));
}

TEST_CASE("records: a truncated compressed input is reported, and the next one read") {
  const TemporaryFolder folder;
  write(folder / "a.zst", {kHeader, frame(0), frame(1), kEnd});
  write(folder / "begun.zst", {kHeader, frame(0), frame(1)});
  const std::string whole = content(folder / "a.zst"), begun = content(folder / "begun.zst");
  // Between the end record and the end of the compressed data; inside the video; at a frame.
  for (const std::string& bytes :
       {whole.substr(0, whole.size() - 1), begun.substr(0, begun.size() - 1), begun}) {
    RecordStream records({folder.save("cut.zst", bytes), folder / "a.zst"});
    int videos = 0, frames = 0;
    for (; records.next_video(); ++videos) {
      while (records.next_frame()) ++frames;
    }
    CHECK(videos == 2);
    CHECK(frames == 4);
    CHECK(records.truncated());
  }
  // Nothing that could be decompressed.
  RecordReader nothing(folder.save("n.zst", whole.substr(0, 8)));
  CHECK_THROWS_WITH(nothing.next(), ContainsSubstring("n.zst: no records (truncated)"));
}

TEST_CASE("damaged data is an error with file and line") {
  const TemporaryFolder folder;
  const std::vector<std::string> lines = long_records();
  write(folder / "a.zst", lines);
  std::string bytes = content(folder / "a.zst");
  const std::size_t third = frame_starts(bytes)[2];
  bytes[third + 4] ^= 0x08;  // a reserved bit of the frame's header
  const std::string damaged = folder.save("damaged.zst", bytes);
  RecordReader reader(damaged);
  int records = 0;
  std::string message;
  try {
    while (reader.next()) ++records;
  } catch (const Error& error) {
    message = error.what();
  }
  CHECK(records > 60);
  CHECK(message == damaged + ":" + std::to_string(records + 1) +
                       ": damaged zstd data (Unsupported frame parameter)");
  CHECK_THROWS_WITH(read_text_file(damaged), ContainsSubstring("damaged.zst: damaged zstd data"));
  // A changed byte that still decompresses is found by the checksum.
  std::string random(1000, ' ');  // stored as it is
  std::mt19937 source(1);
  for (char& c : random) c = static_cast<char>(32 + source() % 224);
  write(folder / "b.zst", {random});
  bytes = content(folder / "b.zst");
  const std::size_t at = bytes.find(random.substr(500, 20));
  REQUIRE(at != bytes.npos);
  bytes[at] ^= 1;
  CHECK_THROWS_WITH(read(folder.save("b.zst", bytes)), ContainsSubstring("match checksum"));
  CHECK_FALSE(has_end(folder / "b.zst"));
  CHECK_FALSE(holds_all_of(folder / "b.zst", folder / "b.zst"));
}

TEST_CASE("a killed run loses less than 1 KiB of text") {
  const TemporaryFolder folder;
  OutputFile out(folder / "a.zst");
  const std::string partial = out.partial()->name();
  out.write_line(kHeader);
  out.write_line(frame(0));
  CHECK(content(partial).empty());
  out.write_line(frame(1, noise(1024, 1)));
  CHECK(read(partial, LastLine::kMayBeCut) ==
        std::vector{kHeader, frame(0), frame(1, noise(1024, 1))});
  out.write_line(frame(2));
  CHECK(read(partial).size() == 3);
  CHECK(first_header(partial)->video == "a.mp4");
  out.flush();
  CHECK(read(partial).size() == 4);
  CHECK_FALSE(has_end(partial));
  CHECK(out.keep_partial() == partial);
  CHECK(read_text_file(partial).ends_with(frame(2) + "\n"));  // a whole file
}

TEST_CASE("compressed records from a pipe arrive as they are flushed") {
  const TemporaryFolder folder;
  const std::string pipe = folder / "pipe.zst";
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  std::jthread writer([&] {
    OutputFile out(pipe);
    out.write_line(kHeader);
    out.flush();
    std::this_thread::sleep_for(200ms);
    out.write_line(frame(0));
    out.write_line(kEnd);
    out.commit();
  });
  RecordStream records({pipe}, [] { return false; });
  REQUIRE(records.next_video());
  REQUIRE(records.next_frame());
  CHECK_FALSE(records.next_frame());
  CHECK(records.end());
  CHECK_FALSE(records.truncated());
}
