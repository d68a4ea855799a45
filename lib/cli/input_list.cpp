// SPDX-License-Identifier: Apache-2.0
#include "cli/input_list.h"

#include "cli/tool.h"
#include "core/error.h"
#include "core/names.h"
#include "core/text.h"
#include "io/records.h"
#include "io/zstd.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <numeric>
#include <optional>
#include <queue>
#include <tuple>

namespace vremd::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kRecordExtension = ".jsonl";
// What any file takes, however small: opening, and its first frames.
constexpr std::uintmax_t kFileBytes = 256 << 10;

std::optional<std::int64_t> environment_number(const char* name) {
  const char* text = std::getenv(name);
  if (!text || !*text) return std::nullopt;
  const auto number = number_from<std::int64_t>(text);
  require(number.has_value(), fmt::format("--shard auto: {} is '{}'", name, excerpt(text)));
  return number;
}

Shard shard_of_slurm() {
  Shard shard;
  if (const auto task = environment_number("SLURM_ARRAY_TASK_ID")) {
    const std::int64_t count = environment_number("SLURM_ARRAY_TASK_COUNT").value_or(1);
    const std::int64_t first = environment_number("SLURM_ARRAY_TASK_MIN").value_or(*task);
    const std::int64_t last = environment_number("SLURM_ARRAY_TASK_MAX").value_or(*task);
    const std::int64_t step = environment_number("SLURM_ARRAY_TASK_STEP").value_or(1);
    require(count >= 1 && step >= 1 && (last - first) / step + 1 == count &&
                (*task - first) % step == 0 && *task >= first && *task <= last,
            "--shard auto: the task ids of the job array are not consecutive; use --shard I/N");
    shard = {(*task - first) / step + 1, count};
  }
  const std::int64_t processes = environment_number("SLURM_NTASKS").value_or(1);
  const std::int64_t process = environment_number("SLURM_PROCID").value_or(0);
  require(processes >= 1 && process >= 0 && process < processes,
          "--shard auto: SLURM_PROCID is not below SLURM_NTASKS");
  return {(shard.index - 1) * processes + process + 1, shard.count * processes};
}

}  // namespace

std::vector<std::string> read_list(const std::string& path, bool null) {
  std::ifstream file;
  if (path != "-") {
    file.open(path, std::ios::binary);
    if (!file) fail("{}: cannot open: {}", path, std::strerror(errno));
  }
  std::istream& in = path == "-" ? std::cin : file;
  const std::string shown = path == "-" ? "standard input" : path;
  std::vector<std::string> names;
  std::string name;
  for (std::int64_t line = 1; std::getline(in, name, null ? '\0' : '\n'); ++line) {
    if (!null && name.ends_with('\r')) name.pop_back();
    if (name.empty() || (!null && name.starts_with('#'))) continue;
    if (!is_utf8(name)) fail("{}:{}: the name is not UTF-8: {}", shown, line, excerpt(name));
    names.push_back(name);
  }
  if (in.bad()) fail("{}: cannot read: {}", shown, std::strerror(errno));
  return names;
}

Shard parse_shard(const std::string& text) {
  if (text.empty()) return {};
  if (text == "auto") return shard_of_slurm();
  const std::string_view view = text;
  const std::size_t slash = std::min(view.find('/'), view.size() - 1);
  const auto index = number_from<std::int64_t>(view.substr(0, slash));
  const auto count = number_from<std::int64_t>(view.substr(slash + 1));
  require(index && count && *index >= 1 && *index <= *count,
          "--shard must be I/N, with I from 1 to N, or auto, not '" + excerpt(text) + "'");
  return {*index, *count};
}

std::vector<std::string> share_of(
    const std::vector<std::string>& names, const Shard& shard,
    const std::function<std::uintmax_t(const std::string&)>& size_of) {
  if (shard.count == 1) return names;
  struct Item {
    std::uintmax_t bytes;
    std::string name;
    std::size_t index;
  };
  std::vector<Item> items;
  for (std::size_t i = 0; i < names.size(); ++i) {
    items.push_back({size_of(names[i]) + kFileBytes, without_record_extension(names[i]), i});
  }
  std::ranges::sort(items, [](const Item& a, const Item& b) {
    return std::tie(b.bytes, a.name, a.index) < std::tie(a.bytes, b.name, b.index);
  });
  using Load = std::pair<std::uintmax_t, std::int64_t>;  // and the shard
  std::priority_queue<Load, std::vector<Load>, std::greater<>> least;
  for (std::int64_t i = 1; i <= shard.count; ++i) least.emplace(0, i);
  std::vector<std::size_t> own;
  for (const Item& item : items) {
    const auto [load, index] = least.top();
    least.pop();
    least.emplace(load + item.bytes, index);
    if (index == shard.index) own.push_back(item.index);
  }
  std::ranges::sort(own);
  std::vector<std::string> result;
  for (const std::size_t index : own) result.push_back(names[index]);
  return result;
}

std::uintmax_t size_of_input(const std::string& root, const std::string& name) {
  for (const std::string& path :
       {io::join_root(root, without_record_extension(name)), io::join_root(root, name), name}) {
    std::error_code error;
    const std::uintmax_t bytes = fs::file_size(path, error);
    if (!error) return bytes;
  }
  return 0;
}

std::string without_record_extension(const std::string& name) {
  const std::string plain = io::without_zstd(name);
  const bool is_record =
      plain.size() > kRecordExtension.size() && plain.ends_with(kRecordExtension);
  return is_record ? plain.substr(0, plain.size() - kRecordExtension.size()) : name;
}

}  // namespace vremd::cli
