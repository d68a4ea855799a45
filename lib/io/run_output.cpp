// SPDX-License-Identifier: Apache-2.0
#include "io/run_output.h"

#include "core/error.h"
#include "core/log.h"
#include "io/done_records.h"

#include <algorithm>
#include <exception>
#include <filesystem>

namespace vremd::io {
namespace {

namespace fs = std::filesystem;

bool exists(const std::string& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

// Why the output of an earlier run cannot be continued; "" if it can.
std::string reason_against(const std::string& path, const Header& own) {
  const auto header = first_header(path);
  if (!header) return "no records";
  std::string what = difference(*header, own);
  if (what.empty() && header->version != own.version) what = "version";
  return what.empty() ? "" : "made with a different " + what;
}

}  // namespace

void remove_left(const std::string& path) {
  try {
    discard_partial_files(path, [&](const std::string& name) { return holds_all_of(path, name); });
  } catch (const Error&) {
  }
}

RunOutput::RunOutput(const std::string& path, Existing existing, const Header& own)
    : path_(path),
      resumes_(existing == Existing::kResume),
      file_(path, existing == Existing::kReplace || (resumes_ && exists(path))),
      exceptions_(std::uncaught_exceptions()) {
  PartialFile* partial = file_.partial();
  if (!partial || partial->in_place()) return;
  found_ = partial->claim();
  if (!resumes_) {
    for (const std::string& name : found_) {
      log_info("{}: a stopped run left {} (see --resume)", path, name);
    }
    return;
  }
  if (exists(path)) {
    const auto smaller = [&](const std::string& one) {
      return fs::file_size(one) < fs::file_size(path);
    };
    found_.insert(std::ranges::find_if(found_, smaller), path);
  }
  for (const std::string& name : found_) {
    const std::string reason = reason_against(name, own);
    if (reason.empty()) {
      if (left_.empty()) left_ = name;
    } else if (name == path) {
      fail("{}: already exists, {}; --force overwrites it", path, reason);
    } else if (first_header(name)) {
      log_warning("{}: {}; not used", name, reason);
    }
  }
}

RunOutput::~RunOutput() {
  if (finished_ || std::uncaught_exceptions() <= exceptions_ || file_.lines() < 2) return;
  if (file_.partial() && file_.partial()->kept()) return;
  std::string name;
  try {
    name = finish(false);
  } catch (const std::exception&) {  // the disk is full; the cause is on its way
    if (file_.partial()) name = file_.partial()->keep();
  }
  if (!name.empty()) log_error("incomplete output left in {}", name);
}

std::string RunOutput::finish(bool complete) {
  if (complete) {
    file_.commit();
    finished_ = true;
    remove_taken(path_);
    return "";
  }
  file_.flush();
  finished_ = true;
  if (resumes_ && file_.partial()) {
    for (const std::string& name : found_) {  // stopped while taking over
      if (holds_all_of(name, file_.partial()->name())) return name;
    }
  }
  const std::string name = file_.keep_partial();
  remove_taken(name);
  return name;
}

void RunOutput::remove_taken(const std::string& by) {
  if (!resumes_) return;
  for (const std::string& name : found_) {
    if (name != path_ && holds_all_of(by, name)) file_.partial()->remove(name);
  }
}

}  // namespace vremd::io
