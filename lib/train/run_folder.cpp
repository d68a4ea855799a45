// SPDX-License-Identifier: Apache-2.0
#include "train/run_folder.h"

#include "core/error.h"
#include "io/output_file.h"
#include "train/report.h"

#include <filesystem>

namespace vremd::train {
namespace {

namespace fs = std::filesystem;

constexpr const char* kCheckpoint = "checkpoint.safetensors";
constexpr const char* kMetrics = "metrics.jsonl";

}  // namespace

void require_no_run(const std::string& folder, const char* advice) {
  if (!fs::exists(fs::path(folder) / kCheckpoint)) return;
  fail("{}: contains a training run; {}", folder, advice);
}

RunFolder::RunFolder(std::string path, bool resume, bool writes)
    : path_(std::move(path)), writes_(writes) {
  if (!resume) require_no_run(path_, "--resume continues it");
  io::make_folder(path_);
  holds_run_ = fs::exists(checkpoint());
}

std::string RunFolder::file(const char* name) const { return (fs::path(path_) / name).string(); }

void RunFolder::write(const char* name, const std::string& text) const {
  if (writes_) io::write_file(file(name), text, /*force=*/true);
}

bool RunFolder::open_metrics(std::int64_t step) {
  if (!writes_) return false;
  const std::string path = file(kMetrics);
  std::string kept;
  bool has_epoch = false;
  if (holds_run_ && fs::exists(path)) {
    for (const Json& line : metrics()) {
      const auto of = line.value("step", std::int64_t{0});
      if (of <= step) kept += line.dump() + "\n";
      has_epoch |= of == step && line.contains("step") && line.contains("epoch");
    }
  }
  write(kMetrics, kept);
  metrics_.open(path, std::ios::app);
  if (!metrics_) fail("{}: cannot open", path);
  return has_epoch;
}

void RunFolder::add_metrics(const Json& line) {
  if (!writes_) return;
  metrics_ << line.dump() << std::endl;
  if (!metrics_) fail("{}: cannot write", file(kMetrics));
}

std::vector<Json> RunFolder::metrics() const { return read_metrics(file(kMetrics)); }

}  // namespace vremd::train
