// SPDX-License-Identifier: Apache-2.0
#include "core/names.h"

#include <catch2/catch_test_macros.hpp>

using namespace vremd;

TEST_CASE("a URL has a scheme") {
  CHECK(is_url("http://host/a.mp4"));
  CHECK(is_url("rtsp+x.1-2://host"));
  CHECK_FALSE(is_url("a.mp4"));
  CHECK_FALSE(is_url("://host"));
  CHECK_FALSE(is_url("my file://x"));
  CHECK_FALSE(is_url("dir/http://x"));
}

TEST_CASE("credentials are removed from URLs, wherever they stand") {
  CHECK(without_credentials("a.mp4") == "a.mp4");
  CHECK(without_credentials("http://host/a@b.mp4") == "http://host/a@b.mp4");
  CHECK(without_credentials("http://me:p@ss@host:80/a.mp4") == "http://host:80/a.mp4");
  CHECK(without_credentials("rtsp://me@host") == "rtsp://host");
  CHECK(without_credentials("cannot open 'ftp://u:p@h/x': no; http://u:p@h2") ==
        "cannot open 'ftp://h/x': no; http://h2");
  CHECK(without_credentials("https://h/a?w=1&X-Amz-Signature=abc&token=x&tokens=y") ==
        "https://h/a?w=1&X-Amz-Signature=***&token=***&tokens=y");
  CHECK(without_credentials("https://u@h?key=a b?key=c") == "https://h?key=*** b?key=c");
  CHECK(without_credentials("http://").ends_with("://"));
}
