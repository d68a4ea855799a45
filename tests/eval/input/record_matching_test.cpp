// SPDX-License-Identifier: Apache-2.0
#include "eval/input/record_matching.h"

#include "core/error.h"
#include "temporary_folder.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace vremd;
using namespace vremd::annotation;
using namespace vremd::eval;
using Catch::Matchers::ContainsSubstring;

namespace {

Matching match_text(const std::vector<Annotations>& truth, const std::string& text) {
  const TemporaryFolder folder;
  io::RecordStream records({folder.save("records", text)});
  return match(truth, records);
}

// A video with one record of one person per frame.
std::string video_text(const std::string& name, const std::vector<int>& frames, bool end = true) {
  std::string text = R"({"type":"header","video":")" + name + "\"}\n";
  for (const int frame : frames) {
    text += R"({"type":"frame","frame":)" + std::to_string(frame) +
            R"(,"instances":[{"box":[0,0,1,1]}]})" + "\n";
  }
  return end ? text + "{\"type\":\"end\"}\n" : text;
}

Annotations annotations(const std::string& images, const std::string& path = "a/truth.json") {
  return Annotations::parse(R"({"annotations":[],"images":[)" + images + "]}", path, "root");
}

std::string image(int id, const std::string& video_id, const std::string& file, int frame,
                  int frames) {
  return fmt::format(R"({{"id":{},"vid_id":"{}","file_name":"{}","frame_id":{},"nframes":{},)"
                     R"("width":4,"height":3}})",
                     id, video_id, file, frame, frames);
}

}  // namespace

TEST_CASE("a sequence is found by vid_id, ground-truth file, folder, or picture") {
  const std::string one = image(1, "77", "images/val/012834_mpii_test/000000.jpg", 0, 2);
  const std::vector<Annotations> truth = {annotations(one)};
  CHECK(match_text(truth, video_text("x/77.avi", {0})).frames[0].predicted);
  CHECK(match_text(truth, video_text("truth.mp4", {0})).frames[0].predicted);
  CHECK(match_text(truth, video_text("images/012834_mpii_test/", {0})).frames[0].predicted);
  CHECK_THROWS_WITH(match_text(truth, video_text("78.avi", {0})),
                    ContainsSubstring("no video matches a sequence of the ground truth"));

  const std::vector<Annotations> stills = {annotations(image(1, "s_1", "images/1.jpg", 0, 1) + "," +
                                                       image(2, "s_2", "images/2.jpg", 0, 1))};
  const Matching matching = match_text(stills, video_text("somewhere/2.jpg", {0}));
  CHECK_FALSE(matching.frames[0].predicted);
  CHECK(matching.frames[1].predicted);
  CHECK(matching.missing == std::vector<std::string>{"s_1"});
  // The name of a file with several videos identifies none of them.
  CHECK_THROWS_AS(match_text(stills, video_text("truth.jpg", {0})), Error);
}

TEST_CASE("kinds of names have an order, and equal names are distinguished by their folders") {
  const std::vector<Annotations> crossed = {
      annotations(image(1, "b", "a.avi", 0, 2) + "," + image(2, "c", "b.avi", 0, 2))};
  CHECK(match_text(crossed, video_text("b.avi", {0})).frames[0].predicted);

  const std::vector<Annotations> same = {annotations(image(1, "s_1", "north/1.jpg", 0, 1) + "," +
                                                     image(2, "s_2", "south/1.jpg", 0, 1))};
  CHECK(match_text(same, video_text("south/1.jpg", {0})).frames[1].predicted);
  CHECK_THROWS_WITH(match_text(same, video_text("1.jpg", {0})),
                    ContainsSubstring("several sequences"));
}

TEST_CASE("matched, missing and extra sequences and frames are counted") {
  const std::vector<Annotations> truth = {annotations(image(1, "a", "a.avi", 0, 3) + "," +
                                                      image(2, "a", "a.avi", 2, 3) + "," +
                                                      image(3, "b", "b.avi", 0, 1))};
  const Matching matching =
      match_text(truth, video_text("a.avi", {0, 1}) + video_text("other.avi", {0, 1, 2}));
  CHECK(matching.sequences == MatchCounts{1, 1, 1});
  CHECK(matching.extra == std::vector<std::string>{"other.avi"});
  CHECK(matching.frame_counts == MatchCounts{1, 2, 4});
  CHECK_FALSE(matching.cut);
  CHECK(match_text(truth, video_text("a.avi", {0}, false)).cut);
  CHECK_THROWS_WITH(match_text(truth, video_text("a.avi", {0}) + video_text("x/a.avi", {0})),
                    ContainsSubstring(":4: video x/a.avi: duplicate predictions of sequence a"));
}

TEST_CASE("a different picture size is noticed, an invalid box is an error") {
  const std::vector<Annotations> truth = {annotations(image(1, "a", "a.avi", 0, 3))};
  const std::string end = "{\"type\":\"end\"}\n";
  const std::string header = R"({"type":"header","video":"a.avi","width":8,"height":6})";
  CHECK(match_text(truth, header + "\n" + end).other_sizes == std::vector<std::string>{"a.avi"});
  CHECK_THROWS_WITH(
      match_text(truth, header + "\n" +
                            R"({"type":"frame","frame":0,"instances":[{"box":[0,null,1,1]}]})" +
                            "\n" + end),
      ContainsSubstring(":2: instances[0]: box is not finite"));
}
