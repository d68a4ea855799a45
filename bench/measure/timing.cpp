// SPDX-License-Identifier: Apache-2.0
#include "measure/timing.h"

#include "core/error.h"
#include "ops/device.h"

#include <c10/core/InferenceMode.h>

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <ctime>
#include <exception>
#include <mutex>
#include <thread>

namespace vremd::bench {
namespace {

double seconds_of(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
}

}  // namespace

Seconds run_team(int threads, int count, const std::function<void(int)>& body) {
  std::atomic<int> next = 0;
  std::exception_ptr failure;
  std::mutex mutex;
  const auto work = [&] {
    ops::prepare_worker();
    const c10::InferenceMode inference;
    try {
      for (int i = next++; i < count; i = next++) body(i);
    } catch (...) {
      const std::lock_guard lock(mutex);
      failure = std::current_exception();
    }
  };
  const double wall = seconds_of(CLOCK_MONOTONIC), cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
  {
    std::vector<std::jthread> team;
    for (int t = 0; t < threads; ++t) team.emplace_back(work);
  }
  if (failure) std::rethrow_exception(failure);
  return {seconds_of(CLOCK_MONOTONIC) - wall, seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu};
}

ChildUse run_child(const std::vector<std::string>& command) {
  std::vector<char*> words;
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  const double start = seconds_of(CLOCK_MONOTONIC);
  pid_t child = 0;
  const int error = posix_spawnp(&child, words[0], &actions, nullptr, words.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) fail("{}: {}", command[0], std::strerror(error));
  int status = 0;
  rusage use{};
  while (wait4(child, &status, 0, &use) < 0) {
    if (errno != EINTR) fail("{}: {}", command[0], std::strerror(errno));
  }
  const double wall = seconds_of(CLOCK_MONOTONIC) - start;
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    fail("{}: failed (wait status {})", command[0], status);
  }
  return {{wall, seconds_of(use.ru_utime) + seconds_of(use.ru_stime)},
          static_cast<double>(use.ru_maxrss) / 1024};
}

Spread spread_of(std::vector<double> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const auto at = [&](double share) {
    const double place = share * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const auto above = std::min(below + 1, values.size() - 1);
    return values[below] + (place - static_cast<double>(below)) * (values[above] - values[below]);
  };
  return {at(0.5), at(0.25), at(0.75)};
}

Rounds::Rounds(const std::vector<Contestant>& contestants, int count) : rates_(contestants.size()) {
  for (const Contestant& one : contestants) names_.push_back(one.name);
  for (int round = -1; round < count; ++round) {
    for (std::size_t i = 0; i < contestants.size(); ++i) {
      const double rate = contestants[i].once();
      if (round >= 0) rates_[i].push_back(rate);
    }
  }
}

const std::vector<double>& Rounds::rates_of(const std::string& name) const {
  const auto found = std::find(names_.begin(), names_.end(), name);
  if (found == names_.end()) fail("bench: \"{}\" was not measured", name);
  return rates_[static_cast<std::size_t>(found - names_.begin())];
}

Spread Rounds::rate(const std::string& name) const { return spread_of(rates_of(name)); }

Spread Rounds::ratio(const std::string& name, const std::string& to) const {
  const std::vector<double>&a = rates_of(name), &b = rates_of(to);
  std::vector<double> ratios;
  for (std::size_t i = 0; i < a.size(); ++i) ratios.push_back(a[i] / b[i]);
  return spread_of(std::move(ratios));
}

}  // namespace vremd::bench
