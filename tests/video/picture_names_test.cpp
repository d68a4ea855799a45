// SPDX-License-Identifier: Apache-2.0
#include "video/picture_names.h"

#include "core/error.h"
#include "make_clip.h"
#include "video/reader.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>

#include <fstream>

using namespace vremd;
using namespace vremd::video;
using Catch::Matchers::Message;

namespace {

using Names = std::vector<std::string>;

void touch(const TemporaryFolder& folder, const Names& names) {
  for (const std::string& name : names) std::ofstream(folder / name) << "x";
}

Names short_names(const Names& paths) {
  Names names;
  for (const std::string& path : paths) {
    names.push_back(std::filesystem::path(path).filename());
  }
  return names;
}

}  // namespace

TEST_CASE("natural order") {
  const Names sorted{
      "",      "a",        "a1",        "a2",       "a10",       "a10b",
      "a10c2", "a10c11",   "b0009",     "b10",      "b0011",     "b12",
      "img",   "img1.jpg", "img01.jpg", "img2.jpg", "img10.jpg", "img99999999999999999999999.jpg"};
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    for (std::size_t k = 0; k < sorted.size(); ++k) {
      CAPTURE(sorted[i], sorted[k]);
      const bool same_number = (i == 13 && k == 14) || (i == 14 && k == 13);
      if (!same_number) CHECK(natural_less(sorted[i], sorted[k]) == (i < k));
    }
  }
  // Equal except for zeros: still a strict order.
  CHECK(natural_less("img1.jpg", "img01.jpg") != natural_less("img01.jpg", "img1.jpg"));
}

TEST_CASE("the images of a folder") {
  const TemporaryFolder folder;
  touch(folder, {"img10.JPG", "img2.jpg", "img1.png", "notes.txt", ".hidden.jpg", "clip.mp4"});
  std::filesystem::create_directory(folder / "sub.jpg");
  CHECK(short_names(pictures_in_folder(folder.path)) == Names{"img1.png", "img2.jpg", "img10.JPG"});
}

TEST_CASE("portable pixmaps and graymaps are images") {
  const TemporaryFolder folder;
  std::ofstream(folder / "1.ppm") << "P6\n2 1\n255\n\x0a\x14\x1e\x01\x02\x03";
  std::ofstream(folder / "2.pgm") << "P2\n2 1\n255\n10 20\n";
  const Names names = pictures_in_folder(folder.path);
  REQUIRE(names.size() == 2);
  CHECK(read_picture(names[0])->rgb[2] == 30);
  CHECK(read_picture(names[1])->rgb[2] == 10);
  CHECK(is_picture(names[0]));
}

TEST_CASE("an empty folder and a missing one") {
  const TemporaryFolder folder;
  touch(folder, {"notes.txt"});
  const std::string path = folder.path;
  CHECK_THROWS_MATCHES(pictures_in_folder(path), Error,
                       Message(path + ": no images in this directory"));
  CHECK_THROWS_AS(pictures_in_folder(folder / "missing"), Error);
}

TEST_CASE("number patterns") {
  const TemporaryFolder folder;
  touch(folder, {"f-0002.jpg", "f-0010.jpg", "f-0001.jpg", "f-12345.jpg", "f-1.jpg", "f-00011.jpg",
                 "f-0003.png", "g-0001.jpg", "f-.jpg", "100%.jpg"});
  CHECK(is_number_pattern("a/%06d.jpg"));
  CHECK(is_number_pattern("%d"));
  CHECK_FALSE(is_number_pattern("100%.jpg"));
  CHECK_FALSE(is_number_pattern("100%%.jpg"));
  CHECK_FALSE(is_number_pattern("%d-%d.jpg"));
  CHECK_FALSE(is_number_pattern("%s.jpg"));
  CHECK(short_names(pictures_of_number_pattern(folder / "f-%04d.jpg")) ==
        Names{"f-0001.jpg", "f-0002.jpg", "f-0010.jpg", "f-12345.jpg"});
  CHECK(short_names(pictures_of_number_pattern(folder / "f-%d.jpg")) ==
        Names{"f-1.jpg", "f-12345.jpg"});
  const std::string none = folder / "h-%d.jpg";
  CHECK_THROWS_MATCHES(pictures_of_number_pattern(none), Error,
                       Message(none + ": no images match this pattern"));
}

TEST_CASE("wildcards") {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "a [1]");
  touch(folder, {"a [1]/x10.jpg", "a [1]/x9.jpg", "a [1]/y1.jpg", "x1.mp4"});
  CHECK(is_wildcard("*.jpg"));
  CHECK_FALSE(is_wildcard("a[1].jpg"));
  CHECK(short_names(pictures_of_wildcard(folder / "a [1]/x*.jpg")) == Names{"x9.jpg", "x10.jpg"});
  CHECK(short_names(pictures_of_wildcard(folder / "a [1]/?1.jpg")) == Names{"y1.jpg"});
  const std::string none = folder / "*.png";
  CHECK_THROWS_MATCHES(pictures_of_wildcard(none), Error,
                       Message(none + ": no images match this pattern"));
  const std::string videos = folder / "*.mp4";
  CHECK_THROWS_MATCHES(pictures_of_wildcard(videos), Error,
                       Message(videos + ": " + (folder / "x1.mp4") + " is not an image"));
}
