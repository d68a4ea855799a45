// SPDX-License-Identifier: Apache-2.0
// Our own JSON lines: vremd-records(5).
#include "convert/format.h"
#include "convert/json_text.h"
#include "core/error.h"
#include "core/log.h"

#include <algorithm>

namespace vremd {
namespace {

// Keys that mean something to the writers: their form is checked here, once.
bool is_numbers(const Json& list, std::size_t count) {
  if (!list.is_array() || list.size() != count) return false;
  return std::all_of(list.begin(), list.end(), [](const Json& v) { return v.is_number(); });
}

bool is_polygons(const Json& list) {
  if (!list.is_array()) return false;
  return std::all_of(list.begin(), list.end(), [](const Json& polygon) {
    return polygon.is_array() && std::all_of(polygon.begin(), polygon.end(), [](const Json& xy) {
      return is_numbers(xy, 2);
    });
  });
}

bool is_names(const Json& list) {
  if (!list.is_array()) return false;
  return std::all_of(list.begin(), list.end(), [](const Json& v) { return v.is_string(); });
}

void check_keys(const FrameRecord& frame, const std::string& place) {
  const auto check = [&](const Json& extra, const char* key, auto good, const char* what) {
    const auto found = extra.find(key);
    if (found != extra.end() && !good(*found)) fail("{}: {} is not {}", place, key, what);
  };
  const auto boolean = [](const Json& v) { return v.is_boolean(); };
  check(frame.extra, "is_labeled", boolean, "true or false");
  check(frame.extra, "ignore_regions", is_polygons, "a list of polygons");
  for (const Instance& one : frame.instances) {
    const auto per_joint = [&](const Json& v) { return is_numbers(v, one.keypoints.size()); };
    check(one.extra, "visibility", per_joint, "a number for each joint");
    check(one.extra, "derived", is_names, "a list of names");
    check(one.extra, "bbox_head", [](const Json& v) { return is_numbers(v, 4); }, "four numbers");
  }
}

class RecordFile : public RecordSink {
 public:
  RecordFile(const std::string& path, bool force) : file_(path, force), writer_(file_) {}
  void begin(const Header& header) override { writer_.write(header); }
  void frame(FrameRecord frame) override { writer_.write(frame); }
  void end(const Json& extra) override { writer_.write_end(extra); }
  void cut() override {}  // no end record: whoever reads on shall see it, too
  void finish() override { file_.commit(); }

 private:
  OutputFile file_;
  RecordWriter writer_;
};

bool read_one(const std::string& path, const ReadContext& context, RecordSink& sink) {
  RecordReader reader(path, context.stopped);
  while (auto record = reader.next()) {
    if (auto* header = std::get_if<Header>(&*record)) {
      Header own = following(*header, context.header);
      own.video = join_paths(context.root, own.video);
      sink.begin(own);
    } else if (auto* frame = std::get_if<FrameRecord>(&*record)) {
      check_keys(*frame, reader.place());
      sink.frame(std::move(*frame));
    } else {
      sink.end(std::get<End>(*record).extra);
    }
  }
  if (reader.cut() && !reader.interrupted()) {
    log_warning("{}: no end record: the records were cut", reader.name());
    sink.cut();
  }
  return !reader.cut();
}

}  // namespace

bool guess_records(std::string_view head) {
  return begins_with(head, '{') && has_key(head, "type") && has_key(head, "video");
}

bool read_records(const std::vector<std::string>& paths, const ReadContext& context,
                  RecordSink& sink) {
  bool whole = true;
  for (const std::string& path : paths) whole = read_one(path, context, sink) && whole;
  return whole;
}

std::unique_ptr<RecordSink> write_records(const std::string& path, bool force) {
  return std::make_unique<RecordFile>(path, force);
}

}  // namespace vremd
