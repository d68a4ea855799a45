// SPDX-License-Identifier: Apache-2.0
#include "core/enum_names.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>

using Catch::Matchers::Message;
using namespace vremd;

namespace {

enum class Fruit { kApple, kPear, kFig };
constexpr auto enum_names(Fruit) { return std::array{"apple", "pear", "fig"}; }

enum class Nameless { kOne };

static_assert(NamedEnum<Fruit> && !NamedEnum<Nameless> && !NamedEnum<int>);
static_assert(name_of(Fruit::kPear) == "pear");

}  // namespace

TEST_CASE("enums are read and written by name") {
  CHECK(enum_from_name<Fruit>("fig") == Fruit::kFig);
  CHECK_FALSE(enum_from_name<Fruit>("figs"));
  CHECK(enum_value<Fruit>("apple", "a.json: fruit") == Fruit::kApple);
  CHECK_THROWS_MATCHES(enum_value<Fruit>("plum", "a.json: fruit"), Error,
                       Message("a.json: fruit: 'plum' is not one of: apple pear fig"));
}
