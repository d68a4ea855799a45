// SPDX-License-Identifier: Apache-2.0
#include "io/output_file.h"
#include "core/error.h"
#include "temporary_folder.h"

#include <catch2/catch_test_macros.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

using namespace vremd;
using namespace vremd::io;

namespace {

std::string content(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::vector<std::string> names(const TemporaryFolder& folder) {
  std::vector<std::string> result;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "")) {
    result.push_back(entry.path().filename().string());
  }
  std::sort(result.begin(), result.end());
  return result;
}

}  // namespace

TEST_CASE("a file gets its name when complete, otherwise it is removed") {
  const TemporaryFolder folder;
  {
    OutputFile out(folder / "a");
    out.write_line("one");
    CHECK(names(folder).size() == 1);
    CHECK(names(folder).front().starts_with("a.tmp."));
    out.commit();
    CHECK(names(folder) == std::vector<std::string>{"a"});
  }
  CHECK(content(folder / "a") == "one\n");
  {
    OutputFile never(folder / "b");
  }
  CHECK(names(folder) == std::vector<std::string>{"a"});
  CHECK_THROWS_AS(OutputFile(folder / "a"), Error);
  write_file(folder / "a", "two", true);
  CHECK(content(folder / "a") == "two");
}

TEST_CASE("the temporary file of another run is not touched") {
  const TemporaryFolder folder;
  const std::string left = "a.tmp." + std::to_string(getpid());
  std::ofstream(folder / left) << "left";
  OutputFile first(folder / "a"), second(folder / "a");
  CHECK(names(folder) == std::vector<std::string>{left, left + ".2", left + ".3"});
  first.write("first");
  second.write("second");
  CHECK(second.keep_partial() == folder / (left + ".3"));
  first.commit();
  CHECK(content(folder / "a") == "first");
  CHECK(content(folder / left) == "left");
  CHECK(content(folder / (left + ".3")) == "second");
}

TEST_CASE("the temporary name of a maximum-length name fits") {
  const TemporaryFolder folder;
  std::string name(255, 'w');
  for (const std::size_t end : {0, 1}) {
    name.replace(255 - 24, 24 - end, "ääääääääääää", 24 - end);  // cut between and within letters
    write_file(folder / name, "text", true);
    CHECK(content(folder / name) == "text");
  }
  OutputFile out(folder / name, true);
  const std::string partial = std::filesystem::path(out.keep_partial()).filename();
  CHECK(partial.size() <= 255);
  CHECK(partial.find(".tmp.") != std::string::npos);
  CHECK(utf8_length(partial.substr(partial.find(".tmp.") - 2, 2)) == 2);
}

TEST_CASE("permissions follow the umask; devices are written in place") {
  const TemporaryFolder folder;
  write_file(folder / "a", "text", false);
  struct stat made{}, other{};
  std::ofstream(folder / "b") << "text";
  REQUIRE(stat((folder / "a").c_str(), &made) == 0);
  REQUIRE(stat((folder / "b").c_str(), &other) == 0);
  CHECK(made.st_mode == other.st_mode);

  OutputFile device("/dev/null");
  device.write("text");
  CHECK(device.keep_partial() == "");
}
