// SPDX-License-Identifier: Apache-2.0
// JSON lines: vremd-records(5).
#include "convert/format.h"
#include "convert/format_support.h"
#include "io/record_stream.h"

namespace vremd::convert {
namespace {

class RecordFile : public RecordSink {
 public:
  explicit RecordFile(io::OutputFile& out) : writer_(out) {}
  void begin(const io::Header& header) override { writer_.write(header); }
  void frame(io::FrameRecord frame) override { writer_.write(frame); }
  void end(const Json& extra) override { writer_.write_end(extra); }
  void cut() override {}  // without an end record, the next reader reports it as well

 private:
  io::RecordWriter writer_;
};

}  // namespace

bool guess_records(std::string_view head) {
  return begins_with(head, '{') && has_key(head, "type") && has_key(head, "video");
}

bool read_records(const std::vector<std::string>& paths, const ReadContext& context,
                  RecordSink& sink) {
  io::RecordStream records(paths, context.stopped);
  while (const auto header = records.next_video()) {
    io::Header own = io::following(*header, context.header, records.input());
    own.video = io::join_root(context.root, own.video);
    sink.begin(own);
    while (auto frame = records.next_frame()) sink.frame(std::move(*frame));
    if (const auto& end = records.end()) {
      sink.end(end->extra);
    } else if (!records.stopped()) {
      sink.cut();
    }
  }
  return !records.truncated();
}

std::unique_ptr<RecordSink> write_records(io::OutputFile& out) {
  return std::make_unique<RecordFile>(out);
}

}  // namespace vremd::convert
