// SPDX-License-Identifier: Apache-2.0
#include "ops/dca_attention.h"

#include "ops/bilinear.h"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace vremd::ops {
namespace {

// Samples of k and v for one query and head, [points][d].
struct Samples {
  std::vector<double> k, v;
};

void sample_head(const DcaAttentionArgs& args, int item, int query, int head, Samples& samples) {
  const int d = args.channels / args.heads, of_a_group = args.channels / args.groups;
  std::fill(samples.k.begin(), samples.k.end(), 0);
  std::fill(samples.v.begin(), samples.v.end(), 0);
  const auto map = static_cast<std::ptrdiff_t>(item) * args.height * args.width;
  for (int c = 0; c < d; ++c) {
    const int channel = head * d + c, group = channel / of_a_group;
    const auto first =
        ((static_cast<std::ptrdiff_t>(item) * args.queries + query) * args.groups + group) *
        args.points;
    for (int p = 0; p < args.points; ++p) {
      const float* place = args.location + 2 * (first + p);
      const auto corners =
          bilinear_corners<double>(place[0], place[1], args.height, args.width, args.zeros);
      for (int i = 0; i < 4; ++i) {
        if (corners.cell[i] < 0) continue;
        const auto at = (map + corners.cell[i]) * args.channels + channel;
        samples.k[p * d + c] += corners.share[i] * args.k[at];
        samples.v[p * d + c] += corners.share[i] * args.v[at];
      }
    }
  }
}

}  // namespace

void dca_attention_cpu(const DcaAttentionArgs& args) {
  const int d = args.channels / args.heads;
  Samples samples{std::vector<double>(args.points * d), std::vector<double>(args.points * d)};
  std::vector<double> weights(args.points);
  for (int item = 0; item < args.batch; ++item) {
    for (int query = 0; query < args.queries; ++query) {
      for (int head = 0; head < args.heads; ++head) {
        sample_head(args, item, query, head, samples);
        const auto first =
            (static_cast<std::ptrdiff_t>(item) * args.queries + query) * args.channels +
            static_cast<std::ptrdiff_t>(head) * d;
        double sum = 0, largest = 0;
        for (int p = 0; p < args.points; ++p) {
          weights[p] = 0;
          for (int c = 0; c < d; ++c) weights[p] += args.q[first + c] * samples.k[p * d + c];
          weights[p] /= std::sqrt(static_cast<double>(d));
          largest = p == 0 ? weights[p] : std::max(largest, weights[p]);
        }
        for (double& weight : weights) sum += weight = std::exp(weight - largest);
        for (int c = 0; c < d; ++c) {
          double value = 0;
          for (int p = 0; p < args.points; ++p) value += weights[p] * samples.v[p * d + c];
          args.out[first + c] = static_cast<float>(value / sum);
        }
      }
    }
  }
}

}  // namespace vremd::ops
