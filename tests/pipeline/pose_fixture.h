// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "catch_torch.h"  // before all else

#include "make_clip.h"
#include "pipeline/pose_options.h"
#include "pipeline/pose_pipeline.h"
#include "pose_clip.h"
#include "tiny_model.h"

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace vremd {

inline std::string read_file(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

inline std::vector<Json> parse_lines(const std::string& text) {
  std::vector<Json> records;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) records.push_back(Json::parse(line));
  return records;
}

struct RunOptions {
  int threads = 2, chunk_persons = 8, chunk_frames = 8;
  std::string preset = "paper";
  std::string joints;
  pipeline::PoseInput input;  // its records are set by run()
  pipeline::EstimatorOptions estimator;
  std::function<void(const pipeline::Person&, const pipeline::NamedTensors&)> dump;
  bool stats = false;
};

struct RunResult {
  std::string text;
  std::vector<Json> records;
  pipeline::PoseReader::Counts counts;
  bool truncated = false;
  std::int64_t crops = 0, encoded = 0, removed = 0;
};

inline model::LoadedModel tiny_loaded(const std::string& preset) {
  model::LoadedModel loaded;
  loaded.config = tiny_config(preset);
  loaded.model = tiny_model(7, loaded.config);
  loaded.sha256 = "0";
  return loaded;
}

// Runs vremd-pose's pipeline on a file of records, with the tiny model.
inline RunResult run(const TemporaryFolder& folder, const std::vector<Json>& records,
                     RunOptions options = {}) {
  write_records(folder / "in.jsonl", records);
  const model::LoadedModel loaded = tiny_loaded(options.preset);
  options.estimator.enlarge = loaded.config.input.enlarge;
  options.estimator.joints = pipeline::parse_joints(options.joints, loaded.config);
  pipeline::PoseEstimator estimator(loaded, options.estimator);
  estimator.dump = options.dump;

  io::Header header;
  header.tool = "vremd-pose";
  header.joints = pipeline::selected_joints(options.estimator.joints, loaded.config);
  options.input.records = {folder / "in.jsonl"};
  options.input.chunk_persons = options.chunk_persons;
  options.input.chunk_frames = options.chunk_frames;
  options.input.with_neighbours = estimator.frames() > 1;
  pipeline::PoseReader reader(options.input, header);
  RunResult result;
  {
    io::OutputFile out(folder / "out.jsonl", true);
    io::RecordWriter writer(out);
    result.removed = pipeline::run_pose_pipeline(
        reader, estimator, writer, {.threads = options.threads, .stats = options.stats});
    out.commit();
  }
  result.text = read_file(folder / "out.jsonl");
  result.records = parse_lines(result.text);
  result.counts = reader.counts();
  result.truncated = reader.truncated();
  result.crops = estimator.crops();
  result.encoded = estimator.encoded();
  return result;
}

}  // namespace vremd
