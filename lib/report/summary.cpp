// SPDX-License-Identifier: Apache-2.0
#include "report/summary.h"

#include <algorithm>
#include <cmath>

namespace vremd::report {
namespace {

constexpr std::int64_t kSameSpan = 5;  // frames without a track do not end its span
constexpr float kNothing = NAN;

// null if it is not finite.
Json number(double value, int decimals) {
  const double scale = std::pow(10, decimals);
  return std::isfinite(value) ? Json(std::round(value * scale) / scale) : Json(nullptr);
}

using Spans = std::vector<std::pair<std::int64_t, std::int64_t>>;

void extend(Spans& spans, std::int64_t frame, std::int64_t gap, std::size_t most) {
  const bool same = !spans.empty() && frame - spans.back().second <= gap;
  if (same || spans.size() == most) {
    spans.back().second = frame;
  } else {
    spans.emplace_back(frame, frame);
  }
}

}  // namespace

VideoSummary::VideoSummary(const io::Header& header, std::string records)
    : header_(header), records_(std::move(records)), finder_(header.joints) {}

void VideoSummary::add(const io::FrameRecord& frame) {
  finder_.add(frame);
  times_ = times_ && (points_.empty() || frame.time > points_.back().time);
  Point point{frame.time, static_cast<float>(frame.instances.size()), kNothing, kNothing,
              static_cast<float>(finder_.motion().value_or(NAN))};
  if (frame.damage == io::Damage::kMissing) point.people = kNothing;
  double sum = 0;
  for (const io::Instance& one : frame.instances) {
    sum += one.score;
    point.lowest = std::fmin(point.lowest, static_cast<float>(one.score));
    const double last = static_cast<double>(scores_.size() - 1);
    ++scores_[static_cast<std::size_t>(std::clamp(std::floor(one.score * 100), 0.0, last))];
    if (!one.track) continue;
    Track& track = tracks_[*one.track];
    ++track.frames;
    track.scores += one.score;
    extend(track.spans, frame.frame, kSameSpan, kMostSpans);
  }
  if (!frame.instances.empty()) {
    point.score = static_cast<float>(sum / static_cast<double>(frame.instances.size()));
  }
  people_ += static_cast<std::int64_t>(frame.instances.size());
  most_people_ = std::max(most_people_, static_cast<int>(frame.instances.size()));
  if (frame.cut) cuts_.push_back(frame.frame);
  if (frame.damage == io::Damage::kDamaged) {
    ++damaged_count_;
    extend(damaged_, frame.frame, 1, 10 * kMostSpans);
  } else if (frame.damage == io::Damage::kMissing) {
    ++missing_count_;
    extend(missing_, frame.frame, 1, 10 * kMostSpans);
  }
  frames_.push_back(frame.frame);
  points_.push_back(point);
}

void VideoSummary::end(const io::End& end) {
  complete_ = true;
  const auto seconds = end.extra.find("seconds");
  if (seconds == end.extra.end() || !seconds->is_object()) return;
  for (const auto& [stage, value] : seconds->items()) {
    if (value.is_number()) seconds_[stage] = value;
  }
}

void VideoSummary::finish() { moments_ = finder_.finish(); }

double VideoSummary::median_score() const {
  std::int64_t left = people_ / 2;
  for (std::size_t i = 0; i < scores_.size(); ++i) {
    left -= scores_[i];
    if (left < 0) return (static_cast<double>(i) + 0.5) / 100;
  }
  return NAN;
}

// Of each of equal parts of the frames: mean number of people, mean and lowest score, largest
// motion, time of the first frame.
Json VideoSummary::curves() const {
  Json json{{"people", Json::array()}, {"score", Json::array()}, {"lowest", Json::array()},
            {"motion", Json::array()}, {"time", Json::array()},  {"frame", Json::array()}};
  const std::size_t parts = std::min(points_.size(), kMostPoints);
  for (std::size_t part = 0; part < parts; ++part) {
    const std::size_t begin = part * points_.size() / parts;
    const std::size_t end = (part + 1) * points_.size() / parts;
    double people = 0, scores = 0, lowest = NAN, motion = NAN;
    int counted = 0;
    for (std::size_t i = begin; i < end; ++i) {
      const Point& point = points_[i];
      if (std::isnan(point.people)) continue;
      ++counted;
      people += point.people;
      if (!std::isnan(point.score)) scores += point.people * point.score;
      lowest = std::fmin(lowest, point.lowest);
      motion = std::fmax(motion, point.motion);
    }
    json["people"].push_back(number(people / counted, 1));
    json["score"].push_back(number(scores / people, 2));
    json["lowest"].push_back(number(lowest, 2));
    json["motion"].push_back(number(motion, 2));
    json["frame"].push_back(frames_[begin]);
    if (times_) json["time"].push_back(number(points_[begin].time, 2));
  }
  return json;
}

Json VideoSummary::tracks() const {
  std::vector<std::pair<std::int64_t, const Track*>> longest;
  for (const auto& [id, track] : tracks_) longest.emplace_back(id, &track);
  std::ranges::stable_sort(longest, std::greater(),
                           [](const auto& one) { return one.second->frames; });
  longest.resize(std::min(longest.size(), kMostTracks));
  std::ranges::stable_sort(longest, {}, [](const auto& one) { return one.second->spans[0].first; });
  Json json = Json::array();
  for (const auto& [id, track] : longest) {
    json.push_back({{"id", id},
                    {"frames", track->frames},
                    {"score", number(track->scores / static_cast<double>(track->frames), 2)},
                    {"spans", track->spans}});
  }
  return json;
}

Json VideoSummary::to_json() const {
  const auto count = [&](MomentKind kind) { return finder_.count(kind); };
  Json json{{"name", header_.video},
            {"records", records_},
            {"complete", complete_},
            {"tool", header_.tool + " " + header_.version}};
  std::optional<std::string> model = header_.model;
  json["from"] = Json::array();
  if (header_.from.is_array()) {
    for (const Json& one : header_.from) {
      if (!one.is_object()) continue;
      const auto text = [&](const char* key) {
        return one.contains(key) && one[key].is_string() ? one[key].get<std::string>() : "";
      };
      json["from"].push_back(text("tool") + " " + text("version"));
      if (!model && one.contains("model")) model = text("model");
    }
  }
  json["width"] = header_.width;
  json["height"] = header_.height;
  if (header_.fps && header_.fps->second != 0) {
    json["fps"] = number(
        static_cast<double>(header_.fps->first) / static_cast<double>(header_.fps->second), 3);
  }
  if (header_.joints) json["joints"] = header_.joints->name;
  if (model) json["model"] = *model;
  if (!header_.settings.is_null()) json["settings"] = header_.settings;
  json["frames"] = frames_.size();
  if (!frames_.empty()) json["range"] = {frames_.front(), frames_.back()};
  if (times_ && frames_.size() > 1) {
    const double span = points_.back().time - points_.front().time;
    json["duration"] = number(
        span * static_cast<double>(frames_.size()) / static_cast<double>(frames_.size() - 1), 3);
  }
  json["people"] = people_;
  json["most_people"] = most_people_;
  json["score"] = number(median_score(), 3);
  json["tracks"] = tracks_.size();
  json["cuts"] = cuts_;
  json["damaged"] = damaged_count_;
  json["missing"] = missing_count_;
  json["damaged_spans"] = damaged_;
  json["missing_spans"] = missing_;
  if (!seconds_.is_null()) json["seconds"] = seconds_;
  json["curves"] = curves();
  json["longest_tracks"] = tracks();
  json["counts"] = Json::object();
  for (std::size_t i = 0; i < kMomentNames.size(); ++i) {
    json["counts"][std::string(kMomentNames[i])] = count(static_cast<MomentKind>(i));
  }
  json["moments"] = Json::array();
  for (const Moment& moment : moments_) {
    Json one{{"kind", kMomentNames[static_cast<std::size_t>(moment.kind)]},
             {"first", moment.first},
             {"last", moment.last},
             {"frame", moment.record->frame},
             {"value", number(moment.value, 2)}};
    if (times_) one["time"] = number(moment.record->time, 3);
    if (moment.track) one["track"] = *moment.track;
    if (moment.other) one["other"] = *moment.other;
    json["moments"].push_back(std::move(one));
  }
  return json;
}

}  // namespace vremd::report
