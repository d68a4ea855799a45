// SPDX-License-Identifier: Apache-2.0
#include "eval/pt21/hota.h"

#include "core/assignment.h"
#include "eval/numerics.h"
#include "eval/pt21/pt21_frames.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

namespace vremd::eval {
namespace {

constexpr double kReach = 0.5001;  // head sizes
constexpr int kAll = kPoseJoints;  // the last column
constexpr double kTiny = 1e-10;
constexpr std::array kCounts = {&HotaScores::tp, &HotaScores::fp, &HotaScores::fn};
constexpr std::array kAssociations = {&HotaScores::ass_a, &HotaScores::ass_re, &HotaScores::ass_pr,
                                      &HotaScores::frag_a};

double alpha(int a) { return 0.05 + 0.05 * a; }

// 0 if a joint is missing or the head box is a point.
double similarity(const ScoredPose& predicted, const ScoredPose& truth, int joint) {
  const double value = 1 - joint_distance(predicted, truth, joint) / kReach;
  return value > 0 ? value : 0;
}

// The annotated people of a sequence, or the predicted ones.
struct Side {
  std::span<const ScoredFrame> frames;
  std::vector<ScoredPose> ScoredFrame::* people;
  std::vector<std::vector<std::size_t>> identities;  // of each frame's people, from 0
  std::size_t count = 0;                             // of identities

  Side(std::span<const ScoredFrame> all, std::vector<ScoredPose> ScoredFrame::* whose)
      : frames(all), people(whose) {
    std::unordered_map<std::int64_t, std::size_t> known;
    for (const ScoredFrame& frame : frames) {
      auto& here = identities.emplace_back();
      for (const ScoredPose& person : frame.*people) {
        here.push_back(known.try_emplace(person.track, known.size()).first->second);
      }
    }
    count = known.size();
  }

  double joints_in(std::size_t frame, int joint) const {
    const auto has = [joint](const ScoredPose& person) { return person.has[joint]; };
    return static_cast<double>(std::ranges::count_if(frames[frame].*people, has));
  }

  double joints_in_all(int joint) const {
    double all = 0;
    for (std::size_t f = 0; f < frames.size(); ++f) all += joints_in(f, joint);
    return all;
  }

  // The number of frames in which each identity has the joint.
  std::vector<double> occurrences(int joint) const {
    std::vector<double> result(count);
    for (std::size_t f = 0; f < frames.size(); ++f) {
      const auto& here = frames[f].*people;
      for (std::size_t i = 0; i < here.size(); ++i) {
        result[identities[f][i]] += here[i].has[joint];
      }
    }
    return result;
  }
};

using Alphas = std::array<double, kHotaAlphas>;

// How often an annotated identity was matched to a predicted one: in total, and in runs without
// another match of it.
struct Pair {
  Alphas count{}, run{}, squared_runs{};
};

// One joint of one sequence.
struct Counts {
  Alphas tp{}, fn{}, fp{}, similarity{};
  std::map<std::pair<std::size_t, std::size_t>, Pair> pairs;  // annotated, predicted
  std::vector<std::array<const Pair*, kHotaAlphas>> last;     // of each annotated identity

  // At the first `alphas` thresholds.
  void add_match(std::size_t truth, std::size_t predicted, double likeness, int alphas) {
    Pair& pair = pairs[{truth, predicted}];
    for (int a = 0; a < alphas; ++a) {
      ++tp[a];
      similarity[a] += likeness;
      ++pair.count[a];
      if (std::exchange(last[truth][a], &pair) != &pair) pair.run[a] = 0;
      pair.squared_runs[a] += 2 * pair.run[a] + 1;
      ++pair.run[a];
    }
  }
};

struct Sequence {
  std::span<const ScoredFrame> frames;
  bool fix;
  Side truth{frames, &ScoredFrame::truth}, predicted{frames, &ScoredFrame::predicted};
};

// The number of thresholds, from the lowest, that a pair of this similarity passes.
int alphas_below(double likeness) {
  int count = 0;
  while (count < kHotaAlphas && likeness >= alpha(count) - std::numeric_limits<double>::epsilon()) {
    ++count;
  }
  return count;
}

void match_frame(const Sequence& sequence, std::size_t f, int joint, Counts& counts) {
  const std::vector<ScoredPose>& truth = sequence.frames[f].truth;
  const std::vector<ScoredPose>& predicted = sequence.frames[f].predicted;
  std::vector<double> similarities, costs;
  for (const ScoredPose& g : truth) {
    for (const ScoredPose& p : predicted) {
      similarities.push_back(similarity(p, g, joint));
      costs.push_back(-similarities.back());
    }
  }
  const Alphas before = counts.tp;
  const std::vector<int> assigned = assign(costs, truth.size(), predicted.size());
  for (std::size_t g = 0; g < truth.size(); ++g) {
    if (assigned[g] < 0) continue;
    const double likeness = similarities[g * predicted.size() + assigned[g]];
    const int alphas = alphas_below(likeness);
    if (alphas == 0) continue;
    counts.add_match(sequence.truth.identities[f][g], sequence.predicted.identities[f][assigned[g]],
                     likeness, alphas);
  }
  for (int a = 0; a < kHotaAlphas; ++a) {
    const double kept = counts.tp[a] - before[a];
    counts.fn[a] += sequence.truth.joints_in(f, joint) - kept;
    counts.fp[a] += sequence.predicted.joints_in(f, joint) - kept;
  }
}

HotaScores scores_of(const Counts& counts, const std::vector<double>& truths,
                     const std::vector<double>& predictions, int a) {
  HotaScores scores{counts.tp[a], counts.fn[a], counts.fp[a]};
  for (const auto& [identities, pair] : counts.pairs) {
    const double g = truths[identities.first], p = predictions[identities.second];
    const double square = pair.count[a] * pair.count[a];
    const double either = std::max(1.0, g + p - pair.count[a]);
    scores.ass_a += square / either;
    scores.ass_re += square / std::max(1.0, g);
    scores.ass_pr += square / std::max(1.0, p);
    scores.frag_a += pair.squared_runs[a] / either;
  }
  for (const auto score : kAssociations) scores.*score /= std::max(1.0, scores.tp);
  scores.loc_a = std::max(kTiny, counts.similarity[a]) / std::max(kTiny, scores.tp);
  return scores;
}

void add(double count, Alphas& counts) {
  for (double& one : counts) one += count;
}

void score_joint(const Sequence& sequence, int column, Hota& result) {
  const int joint = kPoseJointsDownward[column];
  const double all_truths = sequence.truth.joints_in_all(joint);
  const double all_predictions = sequence.predicted.joints_in_all(joint);
  if (sequence.truth.count == 0 || sequence.predicted.count == 0) {
    for (HotaRow& row : result) {
      row[column].loc_a = 1;
      row[column].fn = all_truths;
      row[column].fp = all_predictions;
    }
    return;
  }
  Counts counts;
  counts.last.resize(sequence.truth.count);
  for (std::size_t f = 0; f < sequence.frames.size(); ++f) {
    const ScoredFrame& frame = sequence.frames[f];
    if (!frame.truth.empty() && !frame.predicted.empty()) {
      match_frame(sequence, f, joint, counts);
    } else if (!frame.truth.empty()) {
      add(sequence.fix ? sequence.truth.joints_in(f, joint) : all_truths, counts.fn);
    } else if (!frame.predicted.empty()) {
      add(sequence.fix ? sequence.predicted.joints_in(f, joint) : all_predictions, counts.fp);
    }
  }
  const auto truths = sequence.truth.occurrences(joint);
  const auto predictions = sequence.predicted.occurrences(joint);
  for (int a = 0; a < kHotaAlphas; ++a) {
    result[a][column] = scores_of(counts, truths, predictions, a);
  }
}

void derive(HotaScores& s) {
  s.det_re = s.tp / std::max(1.0, s.tp + s.fn);
  s.det_pr = s.tp / std::max(1.0, s.tp + s.fp);
  s.det_a = s.tp / std::max(1.0, s.tp + s.fn + s.fp);
  s.hota = std::sqrt(s.det_a * s.ass_a);
  s.rhota = std::sqrt(s.det_re * s.ass_a);
  s.fa_hota = std::sqrt(s.det_a * std::sqrt(s.ass_a * s.frag_a));
  s.fa_rhota = std::sqrt(s.det_re * std::sqrt(s.ass_a * s.frag_a));
  s.hota_loc_a = s.hota * s.loc_a;
}

void fill_last_column(HotaRow& row) {
  const auto sum = [&row](double HotaScores::* score) {
    std::array<double, kPoseJoints> values;
    for (int i = 0; i < kPoseJoints; ++i) values[i] = row[i].*score;
    return pairwise_sum(values);
  };
  for (const HotaField& field : kHotaFields)
    row[kAll].*field.score = sum(field.score) / kPoseJoints;
  for (const auto count : kCounts) row[kAll].*count = sum(count);
  row[kAll].hota_loc_a = sum(&HotaScores::hota_loc_a) / kPoseJoints;
}

}  // namespace

const std::array<HotaField, 15> kHotaFields = {{{"HOTA", &HotaScores::hota},
                                                {"DetA", &HotaScores::det_a},
                                                {"AssA", &HotaScores::ass_a},
                                                {"FragA", &HotaScores::frag_a},
                                                {"DetRe", &HotaScores::det_re},
                                                {"DetPr", &HotaScores::det_pr},
                                                {"AssRe", &HotaScores::ass_re},
                                                {"AssPr", &HotaScores::ass_pr},
                                                {"LocA", &HotaScores::loc_a},
                                                {"RHOTA", &HotaScores::rhota},
                                                {"FA-HOTA", &HotaScores::fa_hota},
                                                {"FA-RHOTA", &HotaScores::fa_rhota},
                                                {"HOTA_TP", &HotaScores::tp},
                                                {"HOTA_FN", &HotaScores::fn},
                                                {"HOTA_FP", &HotaScores::fp}}};

Hota hota(std::span<const ScoredFrame> frames, bool fix) {
  const Sequence sequence{frames, fix};
  Hota result;
  for (int column = 0; column < kPoseJoints; ++column) {
    score_joint(sequence, column, result);
    for (HotaRow& row : result) derive(row[column]);
  }
  for (HotaRow& row : result) fill_last_column(row);
  return result;
}

Hota combined_hota(std::span<const Hota> sequences, std::span<const std::uint32_t> times) {
  Hota result;
  for (int a = 0; a < kHotaAlphas; ++a) {
    for (int i = 0; i < kHotaColumns; ++i) {
      HotaScores& sum = result[a][i];
      for (std::size_t s = 0; s < sequences.size(); ++s) {
        const HotaScores& one = sequences[s][a][i];
        for (std::uint32_t k = times.empty() ? 1 : times[s]; k > 0; --k) {
          for (const auto count : kCounts) sum.*count += one.*count;
          for (const auto score : kAssociations) sum.*score += one.*score * one.tp;
          sum.loc_a += one.loc_a * one.tp;
        }
      }
      for (const auto score : kAssociations) sum.*score /= std::max(1.0, sum.tp);
      sum.loc_a = std::max(kTiny, sum.loc_a) / std::max(kTiny, sum.tp);
      derive(sum);
    }
  }
  return result;
}

namespace {

double mean_over_alphas(const Hota& scores, double HotaScores::* score) {
  std::array<double, kHotaAlphas> column;
  for (int a = 0; a < kHotaAlphas; ++a) column[a] = scores[a][kAll].*score;
  return pairwise_sum(column) / kHotaAlphas;
}

}  // namespace

std::vector<std::pair<std::string, double>> hota_rates(const Hota& scores) {
  std::vector<std::pair<std::string, double>> rates;
  for (const std::string_view name : {"DetPr", "DetRe", "DetA", "AssPr", "AssRe", "AssA", "LocA",
                                      "FragA", "HOTA", "RHOTA", "FA-HOTA", "FA-RHOTA"}) {
    const auto score = std::ranges::find(kHotaFields, name, &HotaField::name)->score;
    rates.emplace_back(name, 100 * mean_over_alphas(scores, score));
  }
  const HotaScores& lowest = scores[0][kAll];
  rates.emplace_back("LocA(0)", 100 * lowest.loc_a);
  rates.emplace_back("HOTALocA(0)", 100 * lowest.hota_loc_a);
  rates.emplace_back("HOTA(0)", 100 * lowest.hota);
  return rates;
}

std::string hota_summary(const Hota& scores) {
  std::string names = "Summary", values;
  const auto add = [&](std::string_view name, const std::string& value) {
    names += fmt::format(" & {}", name);
    values += " & " + value;
  };
  for (const auto& [name, rate] : hota_rates(scores)) add(name, fmt::format("{:1.5g}", rate));
  for (const bool first : {false, true}) {
    for (std::size_t k = 0; k < kCounts.size(); ++k) {
      constexpr std::array kNames = {"TP", "FP", "FN"};
      const double count =
          first ? scores[0][kAll].*kCounts[k] : mean_over_alphas(scores, kCounts[k]);
      add(fmt::format("HOTA\\_{}{}", kNames[k], first ? "(0)" : ""),
          fmt::format("{:.0f}", std::trunc(count)));
    }
  }
  return names + "\n" + values + "\n";
}

}  // namespace vremd::eval
