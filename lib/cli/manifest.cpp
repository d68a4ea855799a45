// SPDX-License-Identifier: Apache-2.0
#include "cli/manifest.h"

#include "cli/input_list.h"
#include "cli/progress.h"
#include "cli/tool.h"
#include "core/error.h"
#include "core/log.h"
#include "io/file_lock.h"
#include "io/json_fields.h"
#include "io/json_lines.h"
#include "io/output_file.h"
#include "io/records.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace vremd::cli {
namespace {

namespace fs = std::filesystem;

template <typename Io>
void describe(Io& io, Try& one) {
  io("tool", one.tool);
  io("version", one.version);
  io("input", one.input);
  io("output", one.output);
  io("status", one.status);
  io("reason", one.reason);
  io("frames", one.frames);
  io("people", one.people);
  io("damaged", one.damaged);
  io("missing", one.missing);
  io("seconds", one.seconds);
  io("device", one.device);
  io("host", one.host);
  io("process", one.process);
  io("job", one.job);
  io("peak_memory_mib", one.peak_memory_mib);
  io("started", one.started);
  io("ended", one.ended);
}

// JOB, or JOB_TASK of an array.
std::string slurm_job() {
  const char* array = std::getenv("SLURM_ARRAY_JOB_ID");
  const char* task = std::getenv("SLURM_ARRAY_TASK_ID");
  const char* job = std::getenv("SLURM_JOB_ID");
  if (array && task) return fmt::format("{}_{}", array, task);
  return job ? job : "";
}

bool is_done(const Try& one) {
  std::error_code ignored;
  const bool ended = one.status == "done" || one.status == "skipped";
  return ended && (one.output == "-" || fs::exists(one.output, ignored));
}

// The last try of each input, by its name in the list.
using Tries = std::map<std::string, Try>;

// The next line; a line whose writer was killed is skipped.
std::optional<Json> next_whole(io::JsonLinesReader& lines) {
  for (std::string place = lines.place();; place = lines.place()) {
    try {
      return lines.next();
    } catch (const Error& error) {
      if (lines.place() == place) throw;  // nothing was read
      log_warning("{}; skipped", error.what());
    }
  }
}

struct Totals {
  std::int64_t done = 0, failed = 0, missing = 0;
  std::int64_t frames = 0, people = 0, damaged = 0, lost = 0;
};

}  // namespace

Manifest::Manifest(std::string path)
    : path_(std::move(path)),
      file_(open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666)) {
  if (file_ < 0) fail("{}: cannot open: {}", path_, std::strerror(errno));
}

Manifest::~Manifest() { close(file_); }

void Manifest::add(Try one) {
  one.host = io::host_name();
  one.process = getpid();
  one.job = slurm_job();
  one.peak_memory_mib = io::round_to_digits(peak_memory_mib(), 4);
  one.seconds = io::round_to_digits(one.seconds, 4);
  one.ended = utc_now();
  if (one.output != "-") one.output = fs::absolute(one.output).lexically_normal().string();
  io::FieldWriter writer;
  describe(writer, one);
  std::string line = writer.take().dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";

  const io::FileLock lock(file_);
  char last = '\n';  // a writer may have been killed within its line
  const off_t size = lseek(file_, 0, SEEK_END);
  if (size > 0 && pread(file_, &last, 1, size - 1) == 1 && last != '\n') line.insert(0, "\n");
  const ssize_t written = write(file_, line.data(), line.size());
  const int error = written < 0 ? errno : ENOSPC;
  if (written != static_cast<ssize_t>(line.size())) {
    fail("{}: cannot write: {}", path_, std::strerror(error));
  }
}

bool summarize(const std::vector<std::string>& inputs, const std::vector<std::string>& manifests) {
  std::map<std::string, std::pair<Tries, double>> tools;  // and the seconds of all tries
  for (const std::string& path : manifests) {
    io::JsonLinesReader lines(path, {}, io::LastLine::kMayBeCut);
    while (const auto json = next_whole(lines)) {
      Try one;
      io::FieldReader reader(io::JsonNode(&*json, {lines.place()}));
      describe(reader, one);
      reader.finish();
      auto& [tries, seconds] = tools[one.tool];
      seconds += one.seconds;
      Try& last = tries[without_record_extension(one.input)];
      const bool later = one.ended >= last.ended;
      if (one.status == "skipped") {  // says less than the try that made the output
        if (last.status != "done" && later) last = one;
      } else if (one.status != "in work" && (later || last.status == "skipped")) {
        last = one;
      }
    }
  }
  if (tools.empty()) fail("{}: no tries", manifests.empty() ? "manifest" : manifests.front());

  const std::set<std::string> names(inputs.begin(), inputs.end());
  std::string text, undone;
  bool all_done = true;
  for (const auto& [tool, found] : tools) {
    const auto& [tries, seconds] = found;
    Totals totals;
    for (const std::string& name : names) {
      const auto one = tries.find(without_record_extension(name));
      const bool tried = one != tries.end() && !one->second.status.empty();
      if (!tried) {
        ++totals.missing;
        undone += fmt::format("missing\t{}\t{}\tnot tried\n", tool, name);
        continue;
      }
      const Try& last = one->second;
      if (is_done(last)) {
        ++totals.done;
        totals.frames += last.frames;
        totals.people += last.people;
        totals.damaged += last.damaged;
        totals.lost += last.missing;
        continue;
      }
      const bool ended = last.status == "done" || last.status == "skipped";
      ++(ended ? totals.missing : totals.failed);
      undone += fmt::format("{}\t{}\t{}\t{}\n", ended ? "missing" : last.status, tool, name,
                            ended ? last.output + " is not there" : last.reason);
    }
    all_done = all_done && totals.failed + totals.missing == 0;
    text += fmt::format(
        "{}: {} of {} done, {} failed, {} missing; {} frames, {} people, {} frames damaged, {} "
        "lost; {} of work\n",
        tool, totals.done, names.size(), totals.failed, totals.missing, totals.frames,
        totals.people, totals.damaged, totals.lost, duration_text(seconds));
  }
  io::write_file("-", text + undone, false);
  return all_done;
}

}  // namespace vremd::cli
