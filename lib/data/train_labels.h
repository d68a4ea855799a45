// SPDX-License-Identifier: Apache-2.0
#pragma once

// What of annotations becomes a label of training.

#include "data/train_set.h"

#include <cstddef>
#include <string>
#include <vector>

namespace vremd::data {

// TrainDataConfig::pseudo_labels; "": none. Keys that are not a number are remarks. Error: not such
// a file.
PseudoLabels read_pseudo_labels(const std::string& path);

// Joints that the file labels on anybody.
std::vector<bool> labelled_joints(const annotation::Annotations& annotations);

// The file's labels of one person, `count` in the order of the file's joints.
std::vector<JointLabel> labels_of(const annotation::AnnotatedPerson& person,
                                  const TrainDataConfig& config, std::size_t count);

// Drops the labels that a confident pseudo-label contradicts, and takes pseudo-labels of the joints
// that the set never labels.
void correct_labels(const std::vector<JointLabel>& pseudo, const TrainDataConfig& config,
                    const JointSet& set, const std::vector<bool>& labelled_in_set,
                    std::vector<JointLabel>& labels);

// Labels that are not in the picture are none; gives their number.
int drop_outside(std::vector<JointLabel>& labels, const annotation::AnnotatedFrame& frame);

}  // namespace vremd::data
