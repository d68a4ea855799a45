// SPDX-License-Identifier: Apache-2.0
#include "train/trainer.h"

#include "core/error.h"
#include "core/log.h"
#include "io/output_file.h"
#include "train/run_folder.h"
#include "train/samples.h"
#include "train/start.h"
#include "train/validation.h"

#include <fmt/format.h>

#include <filesystem>

namespace vremd::train {
namespace {

constexpr std::size_t kErrors = 10;  // reported

void print_counts(const data::TrainSet& set, const TrainConfig& config, std::int64_t persons) {
  for (const data::TrainSet::Count& count : set.counts()) {
    fmt::print("{}\n  {} persons in {} videos and stills", count.annotations, count.samples,
               count.videos);
    if (count.unlabelled) fmt::print(", {} without a label", count.unlabelled);
    if (count.outside) fmt::print(", {} without a box in the picture", count.outside);
    if (count.labels_outside) {
      fmt::print(", {} labels outside the picture skipped", count.labels_outside);
    }
    if (count.suspect_lr) fmt::print(", {} marked suspect_lr skipped", count.suspect_lr);
    fmt::print("\n  labels:");
    for (int j = 0; j < set.joints().size(); ++j) {
      fmt::print(" {} {}", set.joints().joints[j], count.labels[j]);
    }
    fmt::print("\n");
  }
  const TrainConfig::Steps steps = config.steps(persons, /*processes=*/1);
  fmt::print("an epoch: {} persons, {} steps of {}; in all {} steps\n", persons, steps.per_epoch,
             config.persons_of_step(), steps.all);
  for (int j = 0; j < set.joints().size(); ++j) {
    if (!set.trained(j)) fmt::print("no labels for {}\n", set.joints().joints[j]);
  }
}

bool none_missing(const data::TrainSet::MissingFiles& missing) {
  for (const std::string& line : missing.lines) log_error("{}", line);
  if (missing.substituted > 0) {
    fmt::print("{} neighbours are missing: the frame itself is used instead\n",
               missing.substituted);
  }
  return missing.lines.empty();
}

// Runs the checks that a training run makes after reading its data.
bool can_begin(data::TrainSet& set, const TrainConfig& config, std::int64_t persons) {
  config.some_steps(persons, /*processes=*/1);
  fmt::print("{}\n", trained_parameters(*make_network(config, set, /*calibrated=*/false)));
  if (config.validate.empty()) return true;
  Validation validation(config);
  return none_missing(validation.set().missing_files(kErrors, validation.chosen()));
}

}  // namespace

bool preview(const TrainConfig& config, const std::string& folder) {
  require_no_run(folder, "use another directory for a dry run");
  data::TrainSet set(config.data, config.model.joints(), config.model.frames() > 1,
                     config.train.frame_mib);
  const auto persons = static_cast<std::int64_t>(set.order(0, 0).size());
  print_counts(set, config, persons);
  if (!none_missing(set.missing_files(kErrors))) return false;
  io::make_folder(folder);
  const std::string path = std::filesystem::path(folder) / "samples.png";
  fmt::print("{}: {} samples with their targets\n", path,
             write_samples(path, /*validation=*/nullptr, set, config));
  return can_begin(set, config, persons);
}

}  // namespace vremd::train
