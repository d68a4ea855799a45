// SPDX-License-Identifier: Apache-2.0
#include "core/picture_names.h"

#include <catch2/catch_test_macros.hpp>

using namespace vremd;

TEST_CASE("images are recognised by their extension in any case") {
  for (const char* name : {"a.jpg", "a/b.JPEG", "a.Png", "a.bmp", "a.webp", "a.tif", "a.tiff",
                           "a.ppm", "a.pgm", "a.jp2"}) {
    CHECK(has_picture_name(name));
  }
  for (const char* name : {"a.mp4", "a.mjpeg", "jpg", "a.jpg/b", ""}) {
    CHECK_FALSE(has_picture_name(name));
  }
}

TEST_CASE("only the extensions of pictures and videos are taken off a name") {
  CHECK(video_name("a/clip.mp4") == "clip");
  CHECK(video_name("b/Clip.v2.MOV") == "Clip.v2");
  CHECK(video_name("000001.jpg") == "000001");
  for (const char* name : {"S1.walk", "S1.run", "2024.05.01", "take.1", "notes", "."}) {
    CHECK(video_name(name) == name);
    CHECK(video_name("a.b/" + std::string(name) + "/") == name);
  }
  CHECK(video_name("").empty());
}

TEST_CASE("the number of an image is at the end of its name") {
  CHECK(number_in("images/000030.jpg") == 30);
  CHECK(number_in("v2_f7.png") == 7);
  CHECK_FALSE(number_in("images7/a.jpg"));
  CHECK_FALSE(number_in("99999999999999999999.jpg"));
}
