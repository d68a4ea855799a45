// SPDX-License-Identifier: Apache-2.0
#include "catch_torch.h"

#include "core/error.h"
#include "train/process_group.h"

#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <functional>

using namespace vremd;
using namespace vremd::train;
using Catch::Matchers::ContainsSubstring;

namespace {

ProcessPlace place(int rank, int port) {
  ProcessPlace result;
  result.rank = rank;
  result.size = 2;
  result.host = "127.0.0.1";
  result.port = port;
  return result;
}

// Runs `body` in a process of the other rank; exits with status 7 if it throws.
pid_t start(int rank, int port, const std::function<void(ProcessGroup&)>& body) {
  const pid_t child = fork();
  if (child != 0) return child;
  try {
    ProcessGroup group(place(rank, port), at::kCPU);
    body(group);
  } catch (const std::exception&) {
    _exit(7);
  }
  _exit(0);
}

int status_of(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void sum_once(ProcessGroup& group) {
  const at::Tensor one = at::ones({1});
  group.sum({one});
  REQUIRE(one.item<double>() == 2);
}

}  // namespace

TEST_CASE("a failing process stops the others, which name its rank") {
  const int own = GENERATE(0, 1), other = 1 - own;
  const int port = 21000 + getpid() % 10000 + own;
  const pid_t child = start(other, port, [](ProcessGroup& group) {
    sum_once(group);
    fail("a picture is missing");
  });
  const auto begin = std::chrono::steady_clock::now();
  {
    ProcessGroup group(place(own, port), at::kCPU);
    sum_once(group);
    CHECK_THROWS_WITH(group.sum({at::ones({1})}),
                      ContainsSubstring(fmt::format("rank {} of 2 processes failed", other)));
  }
  CHECK(status_of(child) == 7);
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(15));
}

TEST_CASE("a killed process stops the others") {
  const int port = 21000 + getpid() % 10000 + 2;
  const pid_t child = start(1, port, [](ProcessGroup& group) {
    sum_once(group);
    raise(SIGKILL);
  });
  ProcessGroup group(place(0, port), at::kCPU);
  sum_once(group);
  CHECK_THROWS_WITH(group.sum({at::ones({1})}), ContainsSubstring("rank 0: lost another process"));
  CHECK(status_of(child) == -1);
}
