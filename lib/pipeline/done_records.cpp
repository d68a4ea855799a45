// SPDX-License-Identifier: Apache-2.0
#include "pipeline/done_records.h"

#include "core/error.h"

#include <cmath>
#include <utility>

namespace vremd::pipeline {
namespace {

constexpr double kRounding = 0.006;  // records have two decimals

bool same(double a, double b) {
  return std::fabs(a - b) < kRounding || (!std::isfinite(a) && !std::isfinite(b));
}

bool same(const Box& a, const Box& b) {
  return same(a.x, b.x) && same(a.y, b.y) && same(a.w, b.w) && same(a.h, b.h);
}

bool same_people(const io::FrameRecord& a, const io::FrameRecord& b) {
  if (a.instances.size() != b.instances.size()) return false;
  for (std::size_t i = 0; i < a.instances.size(); ++i) {
    if (!same(a.instances[i].box, b.instances[i].box)) return false;
  }
  return true;
}

}  // namespace

template <typename T>
std::optional<T> DoneRecords::next(const char* what) {
  if (over_) return std::nullopt;
  auto record = records_.next();
  if (!record) {
    over_ = true;
    return std::nullopt;
  }
  T* wanted = std::get_if<T>(&*record);
  if (!wanted) fail("{}: not the {} that the input goes on with", records_.place(), what);
  return std::move(*wanted);
}

void DoneRecords::begin(const io::Header& header) {
  const auto old = next<io::Header>("header");
  if (!old) return;
  const auto check = [&](bool equal, const char* what) {
    if (!equal) fail("{}: made with another {}", records_.place(), what);
  };
  check(old->video == header.video, "video");
  check(old->model == header.model, "model");
  check(old->version == header.version, "version");
  check(old->precision == header.precision, "precision");
  check(old->settings == header.settings, "setting");
  check(old->joints && old->joints->joints == header.joints->joints, "set of joints");
}

std::optional<io::FrameRecord> DoneRecords::take(const io::FrameRecord& input) {
  auto old = next<io::FrameRecord>("frame");
  if (!old) return std::nullopt;
  if (old->frame != input.frame) {
    fail("{}: frame {}, but the input goes on with {}", records_.place(), old->frame, input.frame);
  }
  if (!same_people(*old, input)) {
    fail("{}: frame {} has other people than the input", records_.place(), old->frame);
  }
  return old;
}

void DoneRecords::end() { next<io::End>("end"); }

}  // namespace vremd::pipeline
