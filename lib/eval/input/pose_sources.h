// SPDX-License-Identifier: Apache-2.0
#pragma once

// The files of a run and which belong together: annotated sequences, each a file, and their
// predictions, which are files of the same names (EVAL 2) or records (EVAL 8b, Names).

#include "annotation/pose_file.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace vremd::eval {

class PoseSources {
 public:
  // `truth`: a folder with *.json, or one such file. `predictions`, mixed freely: folders with
  // *.json and *.jsonl, single *.json of the formats in pose_file.h, and records, "-" standard
  // input. Records are read here, and with them the annotations, whose frames they are given.
  //
  // Errors: an annotated sequence without predictions, where there are no records; one with
  // several; records of which none belongs to a sequence.
  PoseSources(const std::string& truth, const std::vector<std::string>& predictions, int threads);

  std::size_t size() const { return sequences_.size(); }  // annotated sequences, by file name
  const std::string& name(std::size_t sequence) const { return sequences_[sequence].name; }
  bool predicted(std::size_t sequence) const;

  // May run in several threads. Predictions from records have the frames of the annotations; so
  // have those of a sequence without any, each empty.
  annotation::PoseFile read_truth(std::size_t sequence) const;
  annotation::PoseFile read_predictions(std::size_t sequence,
                                        const annotation::PoseFile& truth) const;

  const std::vector<std::string>& superfluous() const { return superfluous_; }
  const std::vector<std::string>& box_sources() const { return box_sources_; }
  bool cut() const { return cut_; }  // some records ended without an end record

 private:
  struct Sequence {
    std::string name, truth, predictions;  // paths; "": from records, or none
    std::optional<annotation::PoseFile> records;
  };

  void list_truth(const std::string& path);
  std::vector<std::string> list_predictions(const std::vector<std::string>& paths);  // the records
  void read_records(const std::vector<std::string>& paths, int threads);

  std::vector<Sequence> sequences_;
  std::vector<std::string> superfluous_;  // predicted, but not annotated
  std::vector<std::string> box_sources_;  // what found the boxes, as the records tell
  bool cut_ = false;
};

}  // namespace vremd::eval
