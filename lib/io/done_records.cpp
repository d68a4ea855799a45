// SPDX-License-Identifier: Apache-2.0
#include "io/done_records.h"

#include "core/error.h"
#include "core/log.h"
#include "io/json_file.h"
#include "io/mapped_file.h"
#include "io/zstd.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace vremd::io {
namespace {

constexpr std::size_t kLongestEnd = 64 << 10;

// Without what may differ between two runs that give the same result.
Json comparable(Json header) {
  header.erase("command");
  header.erase("device");
  if (header.contains("from") && header["from"].is_array()) {
    for (Json& one : header["from"]) {
      if (one.is_object()) one.erase("command");
    }
  }
  return header;
}

Json parse_or_null(std::string_view line) {
  try {
    return parse_json(line, "");
  } catch (const Error&) {
    return nullptr;
  }
}

bool is_type(const Json& json, const char* type) {
  return json.is_object() && json.contains("type") && json["type"] == type;
}

bool same_line(std::string_view a, std::string_view b) {
  if (a == b) return true;
  const Json one = parse_or_null(a), other = parse_or_null(b);
  if (is_type(one, "end")) return is_type(other, "end");
  return is_type(one, "header") && is_type(other, "header") && comparable(one) == comparable(other);
}

// The keys whose values differ.
std::string changed_keys(const Json& a, const Json& b) {
  std::vector<std::string> keys;
  for (const Json* one : {&a, &b}) {
    if (!one->is_object()) continue;
    for (const auto& [key, value] : one->items()) {
      const bool same = a.contains(key) && b.contains(key) && a[key] == b[key];
      if (!same && std::ranges::find(keys, key) == keys.end()) keys.push_back(key);
    }
  }
  return fmt::format("{}", fmt::join(keys, ", "));
}

Json makers(const Header& header) {
  Json json = comparable(Json{{"from", header.from}});
  for (Json& one : json["from"]) {
    if (one.is_object()) one.erase("version");
  }
  return json;
}

}  // namespace

std::string difference(const Header& old, const Header& own) {
  if (old.tool != own.tool) return "tool";
  if (own.model && old.model != own.model) return "model";
  if (own.precision && old.precision != own.precision) return "precision";
  if (!own.settings.is_null() && old.settings != own.settings) {
    return "setting (" + changed_keys(old.settings, own.settings) + ")";
  }
  if (own.joints && (!old.joints || old.joints->joints != own.joints->joints)) {
    return "set of joints";
  }
  if (own.fingerprint && old.fingerprint && old.fingerprint != own.fingerprint) return "video file";
  if (!own.from.is_null() && makers(old) != makers(own)) return "input";
  return "";
}

std::optional<Header> first_header(const std::string& path) {
  try {
    auto record = RecordReader(path, {}, LastLine::kMayBeCut).next();
    if (record) return std::get<Header>(std::move(*record));
  } catch (const Error&) {
  }
  return std::nullopt;
}

bool has_end(const std::string& path) {
  try {
    const MappedFile file(path);
    const std::string_view bytes(reinterpret_cast<const char*>(file.bytes().data()),
                                 file.bytes().size());
    std::string text =
        begins_as_zstd(bytes)
            ? zstd_tail(bytes, kLongestEnd)
            : std::string(bytes.substr(bytes.size() - std::min(bytes.size(), kLongestEnd)));
    if (!text.ends_with('\n')) return false;
    text.pop_back();
    return is_type(parse_or_null(text.substr(text.rfind('\n') + 1)), "end");
  } catch (const Error&) {
    return false;
  }
}

std::size_t ended_videos(const std::string& path) {
  std::size_t count = 0;
  try {
    JsonLinesReader lines(path, {}, LastLine::kMayBeCut);
    while (const auto line = lines.line()) {
      const bool may_be = line->find("\"end\"") != std::string::npos;
      count += may_be && is_type(parse_or_null(std::string(*line)), "end");
    }
  } catch (const Error&) {
    // damaged from there on
  }
  return count;
}

bool holds_all_of(const std::string& whole, const std::string& part) {
  try {
    JsonLinesReader all(whole), some(part, {}, LastLine::kMayBeCut);
    while (const auto of_some = some.line()) {
      const auto of_all = all.line();
      if (!of_all || !same_line(*of_all, *of_some)) return false;
    }
    return true;
  } catch (const Error&) {
    return false;
  }
}

DoneRecords::DoneRecords(const Source& source) : must_agree_(source.must_agree) {
  if (!source.path.empty()) records_.emplace(source.path, nullptr, LastLine::kMayBeCut);
}

void DoneRecords::differs(const std::string& how) {
  if (must_agree_) fail("{}: {}", records_->place(), how);
  log_warning("{}: {}; {}", records_->place(), how,
              taken_ > 0 ? "not used from there on" : "starting over");
  records_.reset();
}

template <typename T>
std::optional<T> DoneRecords::next(const char* what) {
  if (!records_) return std::nullopt;
  std::optional<Record> record;
  try {
    record = records_->next();
  } catch (const Error&) {
    if (must_agree_) throw;
    differs("damaged");
    return std::nullopt;
  }
  if (!record) {
    records_.reset();
    return std::nullopt;
  }
  if (T* wanted = std::get_if<T>(&*record)) return std::move(*wanted);
  differs(fmt::format("expected the next {} of the input", what));
  return std::nullopt;
}

void DoneRecords::begin(const Header& header) {
  const auto old = next<Header>("header");
  if (!old) return;
  std::string what = old->video != header.video ? "video" : difference(*old, header);
  if (what.empty() && old->version != header.version) what = "version";
  if (what.empty() && comparable(to_json(*old)) != comparable(to_json(header))) what = "input";
  if (!what.empty()) differs("made with a different " + what);
}

std::optional<FrameRecord> DoneRecords::take(const FrameRecord& input, const Same& same) {
  auto old = next<FrameRecord>("frame");
  if (!old) return std::nullopt;
  if (old->frame != input.frame) {
    differs(
        fmt::format("frame {}, but the next frame of the input is {}", old->frame, input.frame));
    return std::nullopt;
  }
  if (!same(*old, input)) {
    differs(fmt::format("frame {} differs from the input", old->frame));
    return std::nullopt;
  }
  ++taken_;
  return old;
}

void DoneRecords::end() { next<End>("end"); }

}  // namespace vremd::io
