// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

namespace vremd::bench {

// The floating-point operations of the products that LibTorch computes while `body` runs in this
// thread: matrix products, convolutions, attention; a multiply-add counts twice. What is not
// counted (activations, norms, vremd's own ops) is about one in a hundred for the networks here.
double count_flops(const std::function<void()>& body);

}  // namespace vremd::bench
