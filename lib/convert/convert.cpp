// SPDX-License-Identifier: Apache-2.0
#include "convert/convert.h"

#include "convert/format_support.h"
#include "convert/joint_map.h"
#include "convert/stages.h"
#include "core/error.h"
#include "core/log.h"
#include "core/names.h"
#include "io/done_records.h"
#include "io/json_file.h"
#include "io/zstd.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>

namespace vremd::convert {
namespace {

namespace fs = std::filesystem;

// ---- stages between a reader and a writer -----------------------------------------------------

// Maps every video's joints to one set, and reports once which are lost or absent.
class MapJoints : public Stage {
 public:
  // `chosen`: by the user, who knows which joints are dropped.
  MapJoints(std::string target, bool chosen, RecordSink& next)
      : Stage(next), target_(std::move(target)), chosen_(chosen) {}

  void begin(const io::Header& header) override {
    io::Header own = header;
    map_.reset();
    if (header.joints && !target_.empty()) {
      JointSet target = joint_set_from(target_);
      if (target.joints != header.joints->joints) {
        own.joints = target;
        map_.emplace(*header.joints, std::move(target));
      }
    }
    next_.begin(own);
    if (!map_ || said_) return;
    said_ = true;
    if (!chosen_) say("joints dropped", map_->dropped());
    say("joints absent from the input", map_->absent());
  }

  void frame(io::FrameRecord frame) override {
    if (map_)
      for (io::Instance& one : frame.instances) map_->apply(one);
    next_.frame(std::move(frame));
  }

 private:
  static void say(const char* what, const std::vector<std::string>& names) {
    constexpr std::size_t kMostBytes = 1000;
    if (names.empty()) return;
    log_warning("{}: {}", what, excerpt(fmt::format("{}", fmt::join(names, ", ")), kMostBytes));
  }

  std::string target_;
  bool chosen_;
  std::optional<JointMap> map_;
  bool said_ = false;
};

// Only annotations can represent crowd regions.
class DropCrowds : public Stage {
 public:
  using Stage::Stage;
  void frame(io::FrameRecord frame) override {
    dropped_ += std::erase_if(frame.instances, [](const io::Instance& one) { return one.crowd; });
    next_.frame(std::move(frame));
  }
  void finish() override {
    next_.finish();
    if (dropped_) log_warning("crowd regions skipped: {}", dropped_);
  }

 private:
  std::size_t dropped_ = 0;
};

// Gives the only video another name.
class NameVideo : public Stage {
 public:
  NameVideo(std::string name, RecordSink& next) : Stage(next), name_(std::move(name)) {}
  void begin(const io::Header& header) override {
    if (!first_.empty()) {
      fail("--video {}, but there are several: {}, {}", name_, excerpt(first_, kPathExcerptBytes),
           excerpt(header.video, kPathExcerptBytes));
    }
    first_ = header.video;
    io::Header own = header;
    own.video = name_;
    next_.begin(own);
  }

 private:
  std::string name_, first_;
};

// Checks that the pictures and videos under --root exist.
class CheckFiles : public Stage {
 public:
  using Stage::Stage;

  void begin(const io::Header& header) override {
    header_ = header;
    checked_ = false;
    next_.begin(header);
  }
  void frame(io::FrameRecord frame) override {
    if (frame.file || !checked_) check(picture_of(header_, frame));
    checked_ = true;
    next_.frame(std::move(frame));
  }
  void finish() override {
    next_.finish();
    if (!missing_) return;
    log_warning("{} of {} files are missing: {}", missing_, files_,
                excerpt(first_missing_, kPathExcerptBytes));
  }
  bool all_there() const { return missing_ == 0; }

 private:
  void check(const std::string& path) {
    std::error_code ignored;
    ++files_;
    if (fs::exists(path, ignored)) return;
    if (!missing_++) first_missing_ = path;
  }

  io::Header header_;
  bool checked_ = false;
  long files_ = 0, missing_ = 0;
  std::string first_missing_;
};

std::string extension_of(const Format& format) {
  if (format.write_folder) return "";
  return std::string(format.extension);
}

// ---- output -----------------------------------------------------------------------------------

bool is_folder(const std::string& path) {
  std::error_code ignored;
  return path.ends_with('/') || fs::is_directory(path, ignored);
}

// Whether a file, of one video or of all, needs no more work.
bool is_done(const std::string& path, const Format& format) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored) && (format.name != "records" || io::has_end(path));
}

// A single file, or a folder with one file per video, NAME.json.
class Output : public RecordSink {
 public:
  Output(const Format& format, const ConvertConfig& config, const io::Header& own)
      : format_(format),
        path_(config.output),
        existing_(config.existing),
        zstd_(config.zstd),
        own_(own),
        split_(format.write && is_folder(path_)),
        advanced_(config.advanced) {
    if (zstd_ && !split_) {
      fail("{}: --zstd is for a directory of files, one per video; for one file, use -o FILE{}",
           path_, io::kZstdExtension);
    }
    if (format.write_folder) {
      writer_ = format.write_folder(path_, existing_ == io::Existing::kReplace);
    } else if (split_) {
      io::make_folder(path_);
    } else {
      open(path_);
    }
  }

  void begin(const io::Header& header) override {
    if (ended_) return;
    require_utf8(header.video);
    if (split_) {
      const std::string path = fs::path(path_) / (names_.of(header.video) + extension_of(format_) +
                                                  std::string(zstd_ ? io::kZstdExtension : ""));
      if (!paths_.insert(path).second) fail("{}: a second video of this name", path);
      skips_ = existing_ == io::Existing::kResume && is_done(path, format_);
      if (skips_) return;
      open(path);
    } else if (++videos_ > 1 && format_.one_video) {
      fail("{}: a second video: {} holds one video per file; use a directory for -o",
           excerpt(header.video, kPathExcerptBytes), format_.name);
    }
    writer_->begin(header);
  }
  void frame(io::FrameRecord frame) override {
    if (skips_) return;
    if (frame.file) require_utf8(*frame.file);
    ++frames_;
    people_ += std::ssize(frame.instances);
    writer_->frame(std::move(frame));
    advanced_();
  }
  void end(const Json& extra) override {
    if (skips_) return;
    writer_->end(extra);
    if (split_) close();
  }
  void cut() override {
    if (skips_) return;
    writer_->cut();
    complete_ = false;
    if (split_) close();
    // Records go no further: a header after a video without an end would be no valid stream.
    ended_ = skips_ = !split_ && format_.name == "records";
    if (ended_) log_warning("nothing is converted after the truncated video");
  }
  void finish() override {
    if (!split_) close();
  }
  void discard() {
    if (file_) file_->discard();
  }

  ConvertResult result() const {
    return {.complete = true, .partial = partial_, .frames = frames_, .people = people_};
  }

 private:
  void open(const std::string& path) {
    file_.emplace(path, existing_, own_);
    writer_ = format_.write(file_->file());
    complete_ = true;
  }

  // The file gets its final name if its input was complete.
  void close() {
    writer_->finish();
    if (!file_) return;
    const std::string name = file_->finish(complete_);
    if (!name.empty()) partial_.push_back(name);
  }

  const Format& format_;
  std::string path_;
  io::Existing existing_;
  bool zstd_;
  const io::Header& own_;
  bool split_;
  std::function<void()> advanced_;
  std::optional<io::RunOutput> file_;  // nothing: the format writes a folder
  std::unique_ptr<RecordSink> writer_;
  bool complete_ = true;
  bool skips_ = false;  // the current video
  bool ended_ = false;  // all that follows
  std::vector<std::string> partial_;
  VideoNames names_;
  std::set<std::string> paths_;
  int videos_ = 0;
  std::int64_t frames_ = 0, people_ = 0;
};

const Format& format_named(const std::string& name) {
  const Format* format = find_format(name);
  if (!format) fail("{}: unknown format (known: {})", name, format_names());
  return *format;
}

// With the JSON files of directories instead of these, except for formats of directories.
std::vector<std::string> files_of(const std::vector<std::string>& inputs, const std::string& from) {
  std::vector<std::string> files;
  for (const std::string& path : inputs) {
    std::error_code ignored;
    const bool as_it_is = path == "-" || !fs::is_directory(path, ignored) ||
                          (from.empty() ? guess_format(path) : format_named(from)).write_folder;
    const std::vector<std::string> inside =
        as_it_is ? std::vector{path} : io::files_in(path, ".json");
    if (inside.empty()) fail("{}: no JSON files in this directory", path);
    files.insert(files.end(), inside.begin(), inside.end());
  }
  return files;
}

std::string format_of_output(const ConvertConfig& config) {
  if (!config.to.empty()) return config.to;
  const std::string name = io::without_zstd(config.output);
  if (name.ends_with(".csv")) return "csv";
  if (name.ends_with(".json")) {
    log_warning("{}: records are JSON Lines (.jsonl); --to chooses another format", config.output);
  }
  return "records";
}

}  // namespace

ConvertResult convert_records(const ConvertConfig& config, const io::Header& header) {
  const Format& to = format_named(format_of_output(config));
  ReadContext context;
  context.header = header;
  context.root = config.root;
  // Names in records are paths; those in data sets are kept.
  context.joins_folder = to.name == "records" || to.name == "csv";
  context.input_joints = config.input_joints;
  context.stopped = config.stopped;

  Output output(to, config, header);
  const auto losses = note_losses(to, output);
  DropCrowds uncrowded(*losses);
  RecordSink& annotated = to.holds & kHoldsAnnotation && to.name != "records"
                              ? *losses
                              : static_cast<RecordSink&>(uncrowded);
  CheckFiles files(annotated);
  RecordSink& checked = config.root.empty() ? annotated : static_cast<RecordSink&>(files);
  MapJoints mapped(config.joints.empty() ? std::string(to.joints) : config.joints,
                   !config.joints.empty(), checked);
  const auto selected = select(config.selection, mapped);
  const auto filled =
      config.images.empty() ? nullptr : fill_frames(config.images, context, *selected);
  RecordSink& filling = filled ? *filled : *selected;
  NameVideo named(config.video, filling);
  RecordSink& first = config.video.empty() ? filling : static_cast<RecordSink&>(named);

  bool whole = true;
  const std::vector<std::string> in = files_of(config.inputs, config.from);
  for (std::size_t begin = 0; begin < in.size();) {
    const auto format_of = [&](const std::string& path) -> const Format& {
      return config.from.empty() ? guess_format(path) : format_named(config.from);
    };
    const Format& from = format_of(in[begin]);
    std::size_t end = begin + 1;
    while (end < in.size() && &format_of(in[end]) == &from) ++end;
    ReadContext of_batch = context;
    if (from.name != "records") of_batch.header.command = io::command_of(header, in[begin]);
    whole = from.read({in.begin() + begin, in.begin() + end}, of_batch, first) && whole;
    begin = end;
  }
  ConvertResult result = output.result();
  if (context.stopped && context.stopped()) {
    result.complete = false;
    return result;
  }
  try {
    first.finish();
  } catch (const NothingSelected&) {
    output.discard();
    throw;
  }
  result = output.result();
  result.complete = whole && files.all_there();
  return result;
}

std::string extension_of(const ConvertConfig& config) {
  return extension_of(format_named(format_of_output(config)));
}

}  // namespace vremd::convert
