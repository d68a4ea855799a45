// SPDX-License-Identifier: Apache-2.0
#pragma once

// What of annotations becomes a label of training.

#include "data/train_set.h"

#include <cstddef>
#include <string>
#include <vector>

namespace vremd {

// TrainDataConfig::second_opinion; "": none. Keys that are no number are remarks. Error: not such a
// file.
Opinions read_opinions(const std::string& path);

// Joints that the file labels on anybody.
std::vector<bool> labelled_joints(const Annotations& annotations);

// The file's labels of one person, `count` in the order of the file's joints.
std::vector<JointLabel> labels_of(const AnnotatedPerson& person, const TrainDataConfig& config,
                                  std::size_t count);

// Drops the labels that a sure second opinion contradicts, and adopts what the set never labels.
void correct_labels(const std::vector<JointLabel>& opinion, const TrainDataConfig& config,
                    const JointSet& set, const std::vector<bool>& labelled_in_set,
                    std::vector<JointLabel>& labels);

// Labels that are not in the picture are none; gives their number.
int drop_outside(std::vector<JointLabel>& labels, const AnnotatedFrame& frame);

}  // namespace vremd
