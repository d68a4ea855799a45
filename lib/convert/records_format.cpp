// SPDX-License-Identifier: Apache-2.0
// Our own JSON lines: vremd-records(5).
#include "convert/format.h"
#include "convert/json_text.h"
#include "core/log.h"

namespace vremd {
namespace {

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
