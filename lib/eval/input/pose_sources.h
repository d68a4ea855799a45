// SPDX-License-Identifier: Apache-2.0
#pragma once

// Annotated sequences, each a file, and their predictions: files of the same names (SCORING 2) or
// records (SCORING 8b).

#include "annotation/pose_file.h"
#include "eval/evaluate.h"

#include <optional>
#include <string>
#include <vector>

namespace vremd::eval {

class PoseSources {
 public:
  // `truth`: a folder with *.json, or one such file. `predictions`, mixed freely: folders with
  // *.json and *.jsonl, single *.json of the formats in pose_file.h, and records, "-" standard
  // input. The constructor reads records, and if any the annotations, to match their frames.
  //
  // Errors: without records, an annotated sequence without predictions; duplicate predictions of a
  // sequence; records that match no sequence.
  PoseSources(const std::string& truth, const std::vector<std::string>& predictions, int threads);

  std::size_t size() const { return sequences_.size(); }  // annotated sequences, by file name
  const std::string& name(std::size_t sequence) const { return sequences_[sequence].name; }
  bool predicted(std::size_t sequence) const;

  // Thread-safe. Predictions from records have the frames of the annotations; those of a sequence
  // without predictions are empty.
  annotation::PoseFile read_truth(std::size_t sequence) const;
  annotation::PoseFile read_predictions(std::size_t sequence,
                                        const annotation::PoseFile& truth) const;

  const std::vector<std::string>& extra() const { return extra_; }
  // Frames of the sequences predicted by records; nothing without records.
  const std::optional<MatchCounts>& frame_counts() const { return frame_counts_; }
  const std::vector<std::string>& box_sources() const { return box_sources_; }
  bool cut() const { return cut_; }  // some records have no end record

 private:
  struct Sequence {
    std::string name, truth, predictions;  // paths; predictions "": from records, or none
    std::optional<annotation::PoseFile> records;
  };

  std::vector<std::string> list_predictions(const std::vector<std::string>& paths);  // the records
  void read_records(const std::vector<std::string>& paths, int threads);

  std::vector<Sequence> sequences_;
  std::vector<std::string> extra_;        // predicted, but not annotated
  std::vector<std::string> box_sources_;  // tools that found the boxes, from the headers
  std::optional<MatchCounts> frame_counts_;
  bool cut_ = false;
};

}  // namespace vremd::eval
