// SPDX-License-Identifier: Apache-2.0
#include "report/report.h"

#include "core/log.h"
#include "io/output_file.h"
#include "io/record_stream.h"
#include "report/page.h"
#include "report/stills.h"
#include "report/summary.h"

#include <filesystem>
#include <utility>

namespace vremd::report {
namespace {

namespace fs = std::filesystem;

class Report {
 public:
  explicit Report(const ReportConfig& config)
      : config_(config), stills_(fs::path(config.draw.output) / "stills") {}

  // Adds the videos of an input. An Error is reported, with what has been read before it.
  void add(const std::string& input) {
    std::optional<io::RecordStream> records;
    bool named = false;  // in the page
    try {
      records.emplace(std::vector{input}, config_.draw.stopped);
      while (const auto header = records->next_video()) {
        named = true;
        add_video(*records, *header);
      }
    } catch (const Error& error) {
      report(error.what());
      if (!named) videos_.push_back(Json{{"name", input}, {"records", input}, {"complete", false}});
      videos_.back()["problems"].push_back(error.what());
    }
    if (records && records->truncated()) result_.complete = false;
  }

  draw::DrawResult finish(const std::string& path) {
    if (result_.videos == 0) fail("{}: no records to report", config_.draw.output);
    const Json data{{"version", config_.version}, {"videos", std::move(videos_)}};
    io::make_folder(config_.draw.output);
    io::discard_partial_files_in(config_.draw.output, fs::path(path).filename().string());
    io::write_file(path, page_with(io::dump(data)), config_.draw.force);
    stills_.remove_others();
    return result_;
  }

 private:
  void report(const std::string& what) {
    log_error("{}", what);
    result_.complete = false;
  }

  void add_video(io::RecordStream& records, const io::Header& header) {
    const std::string place = records.place();
    VideoSummary summary(header, records.name());
    EvenFrames even(config_.stills);
    std::optional<Error> damage;  // of the records
    try {
      while (const auto frame = records.next_frame()) {
        summary.add(*frame);
        even.add(*frame);
      }
      if (records.end()) summary.end(*records.end());
    } catch (const Error& error) {
      damage = error;
    }
    if (config_.draw.stopped()) return;
    summary.finish();
    ++result_.videos;
    Json video = summary.to_json();
    video["problems"] = Json::array();
    if (config_.stills > 0) {
      try {
        add_stills(video, summary, even, place);
      } catch (const Error& error) {
        report(error.what());
        video["problems"].push_back(error.what());
      }
    }
    if (!damage && !records.end()) video["problems"].push_back("the records are truncated");
    videos_.push_back(std::move(video));
    if (damage) throw *damage;
  }

  void add_stills(Json& video, const VideoSummary& summary, const EvenFrames& even,
                  const std::string& place) {
    std::map<std::int64_t, RecordPointer> records;
    const std::vector<RecordPointer> chosen = even.take();
    for (const RecordPointer& one : chosen) records.emplace(one->frame, one);
    for (const Moment& moment : summary.moments()) {
      const RecordPointer& one = moment.record;
      if (one->damage != io::Damage::kMissing) records.emplace(one->frame, one);
    }
    const auto files = stills_.draw(config_.draw, summary.header(), place, records);
    result_.frames += static_cast<std::int64_t>(files.size());
    for (const RecordPointer& one : chosen) {
      const auto file = files.find(one->frame);
      if (file == files.end()) continue;
      video["stills"].push_back({{"file", file->second}, {"frame", one->frame}});
    }
    for (Json& moment : video["moments"]) {
      const auto file = files.find(moment["frame"].get<std::int64_t>());
      if (file != files.end()) moment["file"] = file->second;
    }
  }

  const ReportConfig& config_;
  StillFolder stills_;
  Json videos_ = Json::array();
  draw::DrawResult result_;
};

}  // namespace

draw::DrawResult write_report(const ReportConfig& config) {
  const std::string folder = config.draw.output, path = fs::path(folder) / "index.html";
  std::error_code ignored;
  if (fs::exists(folder, ignored)) io::check_output(path, config.draw.force);
  Report report(config);
  for (const std::string& input : config.draw.inputs) {
    if (config.draw.stopped()) return {};
    report.add(input);
  }
  if (config.draw.stopped()) return {};
  return report.finish(path);
}

}  // namespace vremd::report
