// SPDX-License-Identifier: Apache-2.0
#include "model/hkme.h"

#include "catch_torch.h"
#include "tiny_model.h"

#include <cmath>

using namespace vremd;
using namespace vremd::model;

TEST_CASE("the concentration of a mask: largest weight and effective number of tokens") {
  const at::Tensor even = at::full({2, 3, 8}, 0.3f);
  CHECK(std::abs(concentration_of(even).largest - 1) < 1e-6);
  CHECK(std::abs(concentration_of(even).effective - 24) < 1e-4);

  at::Tensor one = at::zeros({1, 3, 8});
  one[0][1][4] = 5;
  CHECK(std::abs(concentration_of(one).largest - 24) < 1e-6);
  CHECK(std::abs(concentration_of(one).effective - 1) < 1e-6);

  at::Tensor two = one.clone();
  two[0][2][0] = 5;
  const auto both = concentration_of(at::cat({one, two}));  // mean over people
  CHECK(std::abs(both.largest - 18) < 1e-6);
  CHECK(std::abs(both.effective - 1.5) < 1e-6);
}

TEST_CASE("sinusoids are distinct, y in the first half of the channels, x in the second") {
  const at::Tensor table = sine_position(6, 4, 16);
  REQUIRE(table.sizes() == at::IntArrayRef({24, 16}));
  CHECK(difference(table[4 * 2 + 1].slice(0, 0, 8), table[4 * 2 + 3].slice(0, 0, 8)) == 0);
  CHECK(difference(table[4 * 2 + 1].slice(0, 8), table[4 * 5 + 1].slice(0, 8)) == 0);
  CHECK(difference(table[4 * 2 + 1], table[4 * 2 + 3]) > 0.1);
  CHECK(difference(table[4 * 2 + 1], table[4 * 5 + 1]) > 0.1);
  const double turn = 2 * std::acos(-1.0);
  CHECK(std::abs(table[4 * 2][0].item<double>() - std::sin(turn * 3 / 6)) < 1e-5);
  CHECK(std::abs(table[4 * 2][1].item<double>() - std::cos(turn * 3 / 6)) < 1e-5);
  CHECK(std::abs(table[2][10].item<double>() - std::sin(turn * 3 / 4 / 10)) < 1e-5);
}

TEST_CASE("positions are added to the image tokens, once or before every block") {
  ModelConfig config = tiny_config("paper");
  const std::int64_t n = config.tokens_h() * config.tokens_w();
  at::manual_seed(1);
  BlocksImpl blocks(2, {.dim = 64, .heads = 4});
  at::NoGradGuard no_grad;
  for (at::Tensor& parameter : blocks.parameters()) parameter.normal_(0, 0.1);
  const at::Tensor x = at::randn({2, 3 * (5 + n), 64});  // 5 keypoint tokens per frame
  const auto run = [&](PositionEmbedding kind) {
    config.hkme.pos_embed = kind;
    return Position(config).run(blocks, x, {}, 3, 5);
  };
  using enum PositionEmbedding;
  CHECK(difference(run(kNone), blocks.forward(x)) == 0);

  const at::Tensor of_a_frame =
      at::cat({at::zeros({5, 64}), sine_position(config.tokens_h(), config.tokens_w(), 64)});
  const at::Tensor places = at::cat({of_a_frame, of_a_frame, of_a_frame});
  const at::Tensor after_one = blocks.blocks[0]->forward(x + places);
  CHECK(difference(run(kSine), blocks.blocks[1]->forward(after_one)) < 1e-5);
  CHECK(difference(run(kSineFull), blocks.blocks[1]->forward(after_one + places)) < 1e-5);
  CHECK(difference(run(kSine), run(kSineFull)) > 0.1);
}
