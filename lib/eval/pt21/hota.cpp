// SPDX-License-Identifier: Apache-2.0
#include "eval/pt21/hota.h"

#include "core/assignment.h"
#include "eval/numeric/numpy.h"
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

void fill_column(const Counts& counts, const std::vector<double>& truths,
                 const std::vector<double>& predictions, int a, int column, Hota& result) {
  double ass_a = 0, ass_re = 0, ass_pr = 0, frag_a = 0;
  for (const auto& [identities, pair] : counts.pairs) {
    const double g = truths[identities.first], p = predictions[identities.second];
    const double square = pair.count[a] * pair.count[a];
    const double either = std::max(1.0, g + p - pair.count[a]);
    ass_a += square / either;
    ass_re += square / std::max(1.0, g);
    ass_pr += square / std::max(1.0, p);
    frag_a += pair.squared_runs[a] / either;
  }
  const double tp = counts.tp[a], matched = std::max(1.0, tp);
  result.tp[a][column] = tp;
  result.fn[a][column] = counts.fn[a];
  result.fp[a][column] = counts.fp[a];
  result.ass_a[a][column] = ass_a / matched;
  result.ass_re[a][column] = ass_re / matched;
  result.ass_pr[a][column] = ass_pr / matched;
  result.frag_a[a][column] = frag_a / matched;
  result.loc_a[a][column] = std::max(kTiny, counts.similarity[a]) / std::max(kTiny, tp);
}

void add(double count, Alphas& counts) {
  for (double& one : counts) one += count;
}

void score_joint(const Sequence& sequence, int column, Hota& result) {
  const int joint = kPoseJointsDownward[column];
  const double all_truths = sequence.truth.joints_in_all(joint);
  const double all_predictions = sequence.predicted.joints_in_all(joint);
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
    fill_column(counts, truths, predictions, a, column, result);
  }
}

// Nobody is annotated, or nobody predicted: every joint is a miss, or a false positive.
void score_one_side(const Sequence& sequence, int column, Hota& result) {
  for (int a = 0; a < kHotaAlphas; ++a) {
    result.loc_a[a][column] = 1;
    result.fn[a][column] = sequence.truth.joints_in_all(kPoseJointsDownward[column]);
    result.fp[a][column] = sequence.predicted.joints_in_all(kPoseJointsDownward[column]);
  }
}

// The scores derived from counts and associations.
void derive(Hota& h, int a, int column) {
  const double tp = h.tp[a][column], fn = h.fn[a][column], fp = h.fp[a][column];
  const double ass_a = h.ass_a[a][column], frag_a = h.frag_a[a][column];
  const double det_re = h.det_re[a][column] = tp / std::max(1.0, tp + fn);
  h.det_pr[a][column] = tp / std::max(1.0, tp + fp);
  const double det_a = h.det_a[a][column] = tp / std::max(1.0, tp + fn + fp);
  h.hota[a][column] = std::sqrt(det_a * ass_a);
  h.rhota[a][column] = std::sqrt(det_re * ass_a);
  h.fa_hota[a][column] = std::sqrt(det_a * std::sqrt(ass_a * frag_a));
  h.fa_rhota[a][column] = std::sqrt(det_re * std::sqrt(ass_a * frag_a));
  if (a == 0) h.hota_loc_a_0[column] = h.hota[a][column] * h.loc_a[a][column];
}

bool is_count(const HotaField& field) {
  return field.table == &Hota::tp || field.table == &Hota::fn || field.table == &Hota::fp;
}

void fill_last_column(Hota& result) {
  const auto sum = [](const HotaRow& row) { return pairwise_sum({row.data(), kPoseJoints}); };
  for (const HotaField& field : kHotaFields) {
    for (HotaRow& row : result.*field.table) {
      row[kAll] = is_count(field) ? sum(row) : sum(row) / kPoseJoints;
    }
  }
  result.hota_loc_a_0[kAll] = sum(result.hota_loc_a_0) / kPoseJoints;
}

}  // namespace

const std::array<HotaField, 15> kHotaFields = {{{"HOTA", &Hota::hota},
                                                {"DetA", &Hota::det_a},
                                                {"AssA", &Hota::ass_a},
                                                {"FragA", &Hota::frag_a},
                                                {"DetRe", &Hota::det_re},
                                                {"DetPr", &Hota::det_pr},
                                                {"AssRe", &Hota::ass_re},
                                                {"AssPr", &Hota::ass_pr},
                                                {"LocA", &Hota::loc_a},
                                                {"RHOTA", &Hota::rhota},
                                                {"FA-HOTA", &Hota::fa_hota},
                                                {"FA-RHOTA", &Hota::fa_rhota},
                                                {"HOTA_TP", &Hota::tp},
                                                {"HOTA_FN", &Hota::fn},
                                                {"HOTA_FP", &Hota::fp}}};

Hota hota(std::span<const ScoredFrame> frames, bool fix) {
  const Sequence sequence{frames, fix};
  const bool both = sequence.truth.count > 0 && sequence.predicted.count > 0;
  Hota result;
  for (int column = 0; column < kPoseJoints; ++column) {
    (both ? score_joint : score_one_side)(sequence, column, result);
    for (int a = 0; a < kHotaAlphas; ++a) derive(result, a, column);
  }
  fill_last_column(result);
  return result;
}

Hota combined_hota(std::span<const Hota> sequences) {
  Hota result;
  for (int a = 0; a < kHotaAlphas; ++a) {
    for (int i = 0; i < kHotaColumns; ++i) {
      double weighted_loc_a = 0;
      for (const Hota& one : sequences) {
        const double tp = one.tp[a][i];
        result.tp[a][i] += tp;
        result.fn[a][i] += one.fn[a][i];
        result.fp[a][i] += one.fp[a][i];
        for (const auto table : {&Hota::ass_a, &Hota::ass_re, &Hota::ass_pr, &Hota::frag_a}) {
          (result.*table)[a][i] += (one.*table)[a][i] * tp;
        }
        weighted_loc_a += one.loc_a[a][i] * tp;
      }
      const double tp = result.tp[a][i];
      for (const auto table : {&Hota::ass_a, &Hota::ass_re, &Hota::ass_pr, &Hota::frag_a}) {
        (result.*table)[a][i] /= std::max(1.0, tp);
      }
      result.loc_a[a][i] = std::max(kTiny, weighted_loc_a) / std::max(kTiny, tp);
      derive(result, a, i);
    }
  }
  return result;
}

std::string hota_summary(const Hota& scores) {
  std::string names = "Summary", values;
  const auto mean = [](const HotaTable& table) {
    std::vector<double> column;
    for (const HotaRow& row : table) column.push_back(row[kAll]);
    return pairwise_sum(column) / kHotaAlphas;
  };
  const auto add = [&](const char* name, const std::string& value) {
    names += fmt::format(" & {}", name);
    values += " & " + value;
  };
  const auto add_rate = [&](const char* name, double value) {
    add(name, fmt::format("{:1.5g}", 100 * value));
  };
  const auto add_count = [&](const char* name, double value) {
    add(name, fmt::format("{:.0f}", std::trunc(value)));
  };
  constexpr HotaField kRates[] = {
      {"DetPr", &Hota::det_pr}, {"DetRe", &Hota::det_re},    {"DetA", &Hota::det_a},
      {"AssPr", &Hota::ass_pr}, {"AssRe", &Hota::ass_re},    {"AssA", &Hota::ass_a},
      {"LocA", &Hota::loc_a},   {"FragA", &Hota::frag_a},    {"HOTA", &Hota::hota},
      {"RHOTA", &Hota::rhota},  {"FA-HOTA", &Hota::fa_hota}, {"FA-RHOTA", &Hota::fa_rhota}};
  for (const HotaField& rate : kRates) add_rate(rate.name, mean(scores.*rate.table));
  add_rate("LocA(0)", scores.loc_a[0][kAll]);
  add_rate("HOTALocA(0)", scores.hota_loc_a_0[kAll]);
  add_rate("HOTA(0)", scores.hota[0][kAll]);
  add_count("HOTA\\_TP", mean(scores.tp));
  add_count("HOTA\\_FP", mean(scores.fp));
  add_count("HOTA\\_FN", mean(scores.fn));
  add_count("HOTA\\_TP(0)", scores.tp[0][kAll]);
  add_count("HOTA\\_FP(0)", scores.fp[0][kAll]);
  add_count("HOTA\\_FN(0)", scores.fn[0][kAll]);
  return names + "\n" + values + "\n";
}

}  // namespace vremd::eval
