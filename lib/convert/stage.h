// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "convert/format.h"

#include <utility>

namespace vremd::convert {

// A stage between a reader and a writer: hands on what it does not change.
class Stage : public RecordSink {
 public:
  explicit Stage(RecordSink& next) : next_(next) {}
  void begin(const io::Header& header) override { next_.begin(header); }
  void frame(io::FrameRecord frame) override { next_.frame(std::move(frame)); }
  void end(const Json& extra) override { next_.end(extra); }
  void cut() override { next_.cut(); }
  void finish() override { next_.finish(); }

 protected:
  RecordSink& next_;
};

}  // namespace vremd::convert
