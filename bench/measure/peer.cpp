// SPDX-License-Identifier: Apache-2.0
#include "measure/peer.h"

#include "core/error.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstring>

namespace vremd::bench {

Peer::Peer(const std::vector<std::string>& command) : name_(command.at(0)) {
  std::array<int, 2> questions{}, answers{};
  if (pipe2(questions.data(), O_CLOEXEC) != 0 || pipe2(answers.data(), O_CLOEXEC) != 0) {
    fail("{}: {}", name_, std::strerror(errno));
  }
  std::vector<char*> words;
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, questions[0], 0);
  posix_spawn_file_actions_adddup2(&actions, answers[1], 1);
  const int error = posix_spawnp(&child_, words[0], &actions, nullptr, words.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(questions[0]);
  close(answers[1]);
  to_ = questions[1];
  from_ = fdopen(answers[0], "r");
  if (error != 0) {
    child_ = -1;
    fail("{}: {}", name_, std::strerror(error));
  }
}

Peer::~Peer() {
  close(to_);  // the end of its input ends it
  std::fclose(from_);
  if (child_ > 0) waitpid(child_, nullptr, 0);
}

Json Peer::ask(const Json& question) {
  const std::string line = question.dump() + "\n";
  for (std::size_t sent = 0; sent < line.size();) {
    const ssize_t count = write(to_, line.data() + sent, line.size() - sent);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail("{}: {}", name_, std::strerror(errno));
    sent += static_cast<std::size_t>(count);
  }
  std::string answer;
  for (int c = std::getc(from_); c != '\n'; c = std::getc(from_)) {
    if (c == EOF) fail("{}: ended without an answer", name_);
    answer += static_cast<char>(c);
  }
  Json json = Json::parse(answer, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) fail("{}: no JSON object: {}", name_, answer);
  if (json.contains("error")) fail("{}: {}", name_, json["error"].get<std::string>());
  return json;
}

}  // namespace vremd::bench
