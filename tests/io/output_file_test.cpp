// SPDX-License-Identifier: Apache-2.0
#include "io/output_file.h"
#include "core/error.h"
#include "temporary_folder.h"

#include <catch2/catch_test_macros.hpp>

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <thread>
#include <vector>

using namespace vremd;
using namespace vremd::io;

namespace {

namespace fs = std::filesystem;

std::string content(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

using Names = std::vector<std::string>;

Names names(const TemporaryFolder& folder) {
  Names result;
  for (const auto& entry : fs::directory_iterator(folder / "")) {
    result.push_back(entry.path().filename().string());
  }
  std::sort(result.begin(), result.end());
  return result;
}

std::string error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != text.npos;
}

// A child process that writes `text` as `path`, reports by a byte that it has begun, and then waits
// to be killed.
class Writer {
 public:
  Writer(const std::string& path, const std::string& text) {
    int begun[2];
    REQUIRE(pipe(begun) == 0);
    child_ = fork();
    if (child_ == 0) {
      OutputFile out(path, true);
      out.partial()->claim();
      out.write_line(text);
      if (write(begun[1], "x", 1) == 1) pause();
      _exit(1);
    }
    close(begun[1]);
    char byte = 0;
    REQUIRE(read(begun[0], &byte, 1) == 1);
    close(begun[0]);
  }
  ~Writer() { end(); }
  void end() {
    if (child_ <= 0) return;
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
    child_ = 0;
  }
  pid_t child() const { return child_; }

 private:
  pid_t child_ = 0;
};

}  // namespace

TEST_CASE("a file gets its name when complete, otherwise it is removed") {
  const TemporaryFolder folder;
  {
    OutputFile out(folder / "a");
    out.write_line("one");
    REQUIRE(names(folder).size() == 1);
    CHECK(names(folder).front().starts_with(".a."));
    CHECK(names(folder).front().ends_with(".partial"));
    out.commit();
    CHECK(names(folder) == Names{"a"});
  }
  CHECK(content(folder / "a") == "one\n");
  {
    OutputFile never(folder / "b");
  }
  CHECK(names(folder) == Names{"a"});
  CHECK_THROWS_AS(OutputFile(folder / "a"), Error);
  write_file(folder / "a", "two", true);
  CHECK(content(folder / "a") == "two");
  CHECK(contains(error_of([&] { OutputFile(folder / "no/a"); }), "no/a: no directory "));
}

TEST_CASE("a file that appears meanwhile is not replaced, and nothing is lost") {
  const TemporaryFolder folder;
  OutputFile out(folder / "a");
  out.write("mine");
  std::ofstream(folder / "a") << "other";
  const std::string error = error_of([&] { out.commit(); });
  CHECK(error.starts_with(folder / "a: was created in the meantime; this output is kept in "));
  CHECK(content(folder / "a") == "other");
  REQUIRE(names(folder).size() == 2);
  CHECK(content(folder / names(folder).front()) == "mine");
}

TEST_CASE("of two outputs with one name, each has its own file") {
  const TemporaryFolder folder;
  {
    OutputFile first(folder / "a"), second(folder / "a");
    CHECK(names(folder).size() == 2);
    first.write("first");
    second.write("second");
    first.commit();
    CHECK_THROWS_AS(second.commit(), Error);
  }
  CHECK(content(folder / "a") == "first");
}

TEST_CASE("of many processes with one target, one succeeds") {
  const TemporaryFolder folder;
  constexpr int kProcesses = 8;
  std::vector<pid_t> children;
  for (int i = 0; i < kProcesses; ++i) {
    children.push_back(fork());
    if (children.back() != 0) continue;
    try {
      OutputFile out(folder / "a");
      out.partial()->claim();
      for (int line = 0; line < 100; ++line) out.write_line(std::string(100, char('a' + i)));
      std::this_thread::sleep_for(std::chrono::milliseconds(300));
      out.commit();
    } catch (const Error&) {
      _exit(1);
    }
    _exit(0);
  }
  int successes = 0;
  for (const pid_t child : children) {
    int status = 0;
    waitpid(child, &status, 0);
    REQUIRE(WIFEXITED(status));
    successes += WEXITSTATUS(status) == 0;
  }
  CHECK(successes == 1);
  const std::string text = content(folder / "a");
  CHECK(text.size() == 100 * 101);
  CHECK(text.find_first_not_of(std::string{text[0], '\n'}) == text.npos);
}

TEST_CASE("files of killed processes are found, files still being written are left alone") {
  const TemporaryFolder folder;
  const bool has_locks = getenv("VREMD_TEST_NFS") == nullptr;
  Writer killed(folder / "a", "of a killed run");
  Writer killed_early(folder / "a.jsonl", "of another target");
  if (has_locks) {
    OutputFile out(folder / "a", true);
    CHECK(contains(error_of([&] { out.partial()->claim(); }),
                   fmt::format("/a: is being written by process {} on ", killed.child())));
  }
  killed.end();
  killed_early.end();
  Names left;
  {
    OutputFile out(folder / "a");
    left = out.partial()->claim();
    REQUIRE(left.size() == 1);
    CHECK(content(left.front()) == "of a killed run\n");
  }
  CHECK(fs::exists(left.front()));
  {
    OutputFile out(folder / "a");
    left = out.partial()->claim();
    REQUIRE(left.size() == 1);
    out.partial()->remove(left.front());
    CHECK(!fs::exists(left.front()));
    out.commit();
  }
  CHECK(names(folder).size() == 2);  // a, and the other target's
}

TEST_CASE("of a directory, the files of killed processes with one ending are removed") {
  const TemporaryFolder folder;
  Writer killed(folder / "000001.png", "1"), living(folder / "2.png", "2");
  Writer records(folder / "a.jsonl", "of use");
  killed.end();
  records.end();
  write_file(folder / ".3.png.partial", "not ours", false);
  write_file(folder / ".4.png.host.x.00000000.partial", "not ours", false);
  REQUIRE(names(folder).size() == 5);
  discard_partial_files_in(folder / "", ".png");
  CHECK(names(folder).size() == 4);
  CHECK(std::ranges::none_of(
      names(folder), [](const std::string& name) { return name.starts_with(".000001.png."); }));
  discard_partial_files_in(folder / "absent", ".png");
}

TEST_CASE("a target of the longest name") {
  const TemporaryFolder folder;
  std::string name(255, 'w');
  for (const std::size_t end : {0, 1}) {
    name.replace(140, 80 - end, std::string(80 - end, 'x'));
    for (std::size_t i = 140; i + 2 <= 220 - end; i += 2) name.replace(i + end, 2, "ä");
    write_file(folder / name, "text", true);
    CHECK(content(folder / name) == "text");
    OutputFile out(folder / name, true);
    const std::string partial = fs::path(out.keep_partial()).filename();
    CHECK(partial.size() <= 255);
    std::string_view rest = partial;
    while (!rest.empty()) {
      REQUIRE(utf8_length(rest) > 0);
      rest.remove_prefix(utf8_length(rest));
    }
  }
  // Names that differ only at their ends.
  const std::string first = folder / std::string(250, 'v') + "1.a",
                    second = folder / std::string(250, 'v') + "2.a";
  OutputFile(first).keep_partial();
  OutputFile other(second), same(first);
  CHECK(other.partial()->claim().empty());
}

TEST_CASE("links are followed") {
  const TemporaryFolder folder, elsewhere;
  write_file(elsewhere / "target", "old", false);
  fs::create_symlink(elsewhere / "target", folder / "link");
  fs::create_symlink("link", folder / "second");
  CHECK_THROWS_AS(OutputFile(folder / "second"), Error);
  {
    OutputFile out(folder / "second", true);
    out.write("new");
    CHECK(names(folder) == Names{"link", "second"});
    CHECK(names(elsewhere).size() == 2);
    out.commit();
  }
  CHECK(fs::is_symlink(folder / "second"));
  CHECK(fs::is_symlink(folder / "link"));
  CHECK(content(elsewhere / "target") == "new");
  CHECK(names(elsewhere) == Names{"target"});

  fs::create_symlink(elsewhere / "made", folder / "dangling");
  write_file(folder / "dangling", "text", false);
  CHECK(fs::is_symlink(folder / "dangling"));
  CHECK(content(elsewhere / "made") == "text");

  fs::create_symlink("loop", folder / "loop");
  CHECK_THROWS_AS(OutputFile(folder / "loop"), Error);
}

TEST_CASE("permissions follow the umask") {
  const TemporaryFolder folder;
  write_file(folder / "a", "text", false);
  struct stat made{}, other{};
  std::ofstream(folder / "b") << "text";
  REQUIRE(stat((folder / "a").c_str(), &made) == 0);
  REQUIRE(stat((folder / "b").c_str(), &other) == 0);
  CHECK(made.st_mode == other.st_mode);
}

TEST_CASE("devices, pipes and open descriptors are written in place") {
  const TemporaryFolder folder;
  {
    OutputFile device("/dev/null");
    device.write("text");
    CHECK(device.keep_partial() == "");
  }
  REQUIRE(mkfifo((folder / "pipe").c_str(), 0600) == 0);
  std::string got;
  std::thread reader([&] { got = content(folder / "pipe"); });
  write_file(folder / "pipe", "through", false);
  reader.join();
  CHECK(got == "through");

  // An open file continues at its position, whatever its name is.
  const int file = open((folder / "a").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  REQUIRE(write(file, "first\n", 6) == 6);
  write_file(fmt::format("/dev/fd/{}", file), "second\n", false);
  fs::create_symlink(fmt::format("/proc/self/fd/{}", file), folder / "link");
  write_file(folder / "link", "third\n", false);
  close(file);
  CHECK(content(folder / "a") == "first\nsecond\nthird\n");
  CHECK(names(folder) == Names{"a", "link", "pipe"});
  CHECK_THROWS_AS(OutputFile(fmt::format("/dev/fd/{}", file)), Error);  // closed
}
