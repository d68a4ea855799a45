// SPDX-License-Identifier: Apache-2.0
// What numpy.argsort gives (1.24, and later ones without their vector instructions).
#include "eval/numerics.h"

#include <catch2/catch_test_macros.hpp>

#include <limits>

using namespace vremd;
using namespace vremd::eval;
using Order = std::vector<std::size_t>;

namespace {

std::vector<double> with_ties(int n) {
  std::vector<double> values;
  for (int i = 0; i < n; ++i) values.push_back((7 * i * i + 3 * i) % 11);
  return values;
}

std::size_t checksum(const Order& order) {
  std::size_t sum = 0;
  for (std::size_t i = 0; i < order.size(); ++i) sum += (i + 1) * order[i];
  return sum % 1000003;
}

}  // namespace

// Trap 18.
TEST_CASE("equal values are in numpy's order") {
  CHECK(numpy_argsort(with_ties(16)) ==
        Order{0, 9, 11, 2, 7, 13, 4, 5, 15, 10, 3, 6, 14, 1, 8, 12});
  CHECK(numpy_argsort(with_ties(40)) ==
        Order{0,  22, 20, 31, 11, 33, 9,  24, 18, 29, 13, 7, 35, 2,  27, 15, 16, 5,  4, 38,
              37, 26, 32, 21, 10, 36, 28, 39, 17, 14, 6,  3, 25, 23, 30, 12, 8,  34, 1, 19});
}

TEST_CASE("NaN is last, also in numpy's order") {
  std::vector<double> values;
  for (int i = 0; i < 3000; ++i) values.push_back(i * 7919 % 613 % 101);
  for (int i = 0; i < 3000; i += 97) values[i] = std::numeric_limits<double>::quiet_NaN();
  const Order order = numpy_argsort(values);
  CHECK(checksum(order) == 451869);
  for (int i = 0; i < 31; ++i) CHECK(order[2999 - i] % 97 == 0);
}

TEST_CASE("the worst case of the median of three is sorted as a heap") {
  constexpr int kHalf = 500;
  std::vector<double> values(2 * kHalf);
  for (int i = 0; i < kHalf; ++i) {
    values[i] = i % 2 == 0 ? i + 1 : kHalf + i;
    values[kHalf + i] = 2 * (i + 1);
  }
  CHECK(checksum(numpy_argsort(values)) == 436157);
}

TEST_CASE("short lists are sorted") {
  CHECK(numpy_argsort({}).empty());
  CHECK(numpy_argsort(std::vector<double>{3}) == Order{0});
  CHECK(numpy_argsort(std::vector<double>{3, 1, 2, 1}) == Order{1, 3, 2, 0});
}
