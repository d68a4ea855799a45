// SPDX-License-Identifier: Apache-2.0
// The original evaluators' outputs for the cases in tests/data/eval-cases.
#include "core/enum_names.h"
#include "eval/poseval/official_files.h"
#include "eval/poseval/poseval_scores.h"
#include "io/json_file.h"
#include "same_json.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <filesystem>

using namespace vremd;
using namespace vremd::eval;
namespace fs = std::filesystem;

namespace {

const fs::path kCases = VREMD_EVAL_CASES;

std::vector<fs::path> cases() {
  std::vector<fs::path> folders;
  for (const auto& entry : fs::recursive_directory_iterator(kCases)) {
    if (entry.path().filename() == "AP") {
      folders.push_back(entry.path().parent_path().parent_path());
    }
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

PosevalScores score(const fs::path& folder, EvalConfig config, int threads = 1) {
  config.threads = threads;
  return poseval(PoseSources(folder / "gt", {folder / "pred"}, threads), config);
}

std::string rows(const std::string& text) {
  std::string rows;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    if (text[begin] == '&') rows += text.substr(begin, end - begin) + "\n";
    begin = end + 1;
  }
  return rows;
}

Json parse_official(std::string text) {
  for (std::size_t i; (i = text.find("NaN")) != std::string::npos;) text.replace(i, 3, "null");
  return io::parse_json(text, "official");
}

}  // namespace

TEST_CASE("the official cases are present") { REQUIRE(cases().size() == 10); }

TEST_CASE("AP equals the official one to the last character") {
  for (const fs::path& folder : cases()) {
    CAPTURE(folder.string());
    const fs::path expected = folder / "expected";
    EvalConfig config;
    config.ap = true;
    const PosevalScores scores = score(folder, config);
    CHECK(official_json(scores.ap.rows(), "NaN") ==
          io::read_text_file(expected / "AP/total_AP_metrics.json"));
    CHECK(rows(official_table(scores.ap)) == rows(io::read_text_file(expected / "AP_stdout.txt")));
    for (const SequenceScores& one : scores.sequences) {
      CHECK(official_json(one.ap.rows(), "NaN") ==
            io::read_text_file(expected / "AP" / (one.name + "_AP_metrics.json")));
    }
  }
}

TEST_CASE("MOT equals the official one with three versions of py-motmetrics") {
  for (const fs::path& folder : cases()) {
    for (const std::string version : {"1.0.2", "1.2.0", "1.4.0"}) {
      CAPTURE(folder.string(), version);
      const std::string name = "MOT_motmetrics-" + version;
      const fs::path expected = folder / "expected" / name;
      EvalConfig config;
      config.mot = true;
      config.mot_compat = enum_value<MotCompat>(version, "compat");
      const PosevalScores scores = score(folder, config);
      const auto equal = [&](const PoseMot& mot, const std::string& file) {
        return same(parse_official(official_json(mot.rows(), "NaN")),
                    parse_official(io::read_text_file(expected / file)));
      };
      CHECK(equal(scores.mot, "total_MOT_metrics.json"));
      CHECK(rows(official_table(scores.mot)) ==
            rows(io::read_text_file(folder / "expected" / (name + "_stdout.txt"))));
      for (const SequenceScores& one : scores.sequences) {
        CHECK(equal(one.mot, one.name + "_MOT_metrics.json"));
      }
    }
  }
}

TEST_CASE("the comparison of cases can fail") {
  CHECK(same(Json::parse("[1.0, null]"), Json::parse("[1.0000000001, null]")));
  CHECK_FALSE(same(Json::parse("[1.0, null]"), Json::parse("[1.00001, null]")));
  CHECK_FALSE(same(Json::parse("[1.0, null]"), Json::parse("[1.0, 0.0]")));
  CHECK_FALSE(same(Json::parse(R"({"a":1})"), Json::parse(R"({"b":1})")));
  CHECK(rows("a\n& 1 \\\\\nb") == "& 1 \\\\\n");
}

TEST_CASE("results are bit-identical with any number of threads") {
  EvalConfig config;
  config.ap = config.mot = true;
  const PosevalScores one = score(kCases / "p6_synth_pt18", config, 1);
  const PosevalScores four = score(kCases / "p6_synth_pt18", config, 4);
  CHECK(official_json(one.ap.rows(), "NaN") == official_json(four.ap.rows(), "NaN"));
  CHECK(official_json(one.mot.rows(), "NaN") == official_json(four.mot.rows(), "NaN"));
}
