// SPDX-License-Identifier: Apache-2.0
#pragma once

// Training labels from annotations.

#include "data/train_set.h"

#include <cstddef>
#include <string>
#include <vector>

namespace vremd::data {

// Reads TrainDataConfig::pseudo_labels ("": none). Non-numeric keys are ignored as comments. Error:
// invalid file.
PseudoLabels read_pseudo_labels(const std::string& path);

// Joints labelled on at least one person of the file.
std::vector<bool> labelled_joints(const annotation::Annotations& annotations);

// Labels of one person, `count` in the order of the file's joints.
std::vector<JointLabel> labels_of(const annotation::AnnotatedPerson& person,
                                  const TrainDataConfig& config, std::size_t count);

// Drops labels contradicted by a confident pseudo-label and adds pseudo-labels of joints that the
// data set never labels.
void correct_labels(const std::vector<JointLabel>& pseudo, const TrainDataConfig& config,
                    const JointSet& set, const std::vector<bool>& labelled_in_set,
                    std::vector<JointLabel>& labels);

// Drops labels outside the picture; returns their number.
int drop_outside(std::vector<JointLabel>& labels, const annotation::AnnotatedFrame& frame);

}  // namespace vremd::data
