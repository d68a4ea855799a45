// SPDX-License-Identifier: Apache-2.0
#include "io/safetensors.h"
#include "core/half.h"
#include "io/mapped_file.h"

#include "core/error.h"
#include "temporary_folder.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <cmath>
#include <fstream>

using namespace vremd;
using namespace vremd::io;
using Catch::Matchers::ContainsSubstring;

namespace {

std::span<const std::byte> bytes_of(const std::vector<float>& values) {
  return std::as_bytes(std::span(values));
}

void write_raw(const std::string& path, std::uint64_t length, const std::string& rest) {
  std::ofstream out(path, std::ios::binary);
  out.write(reinterpret_cast<const char*>(&length), 8);
  out << rest;
}

}  // namespace

TEST_CASE("safetensors round-trip") {
  const TemporaryFolder folder;
  const std::string path = folder / "a.safetensors";
  const std::vector<float> a = {1.5f, -2, 0.25f, 3}, b = {7};
  write_safetensors(path,
                    {{"a", {DType::kF32, {2, 2}, bytes_of(a)}},
                     {"scalar", {DType::kF32, {}, bytes_of(b)}},
                     {"empty", {DType::kF32, {0, 3}, {}}}},
                    {{"kind", "test"}});
  const SafetensorsFile file(path);
  CHECK(file.metadata().at("kind") == "test");
  CHECK(file.at("a").shape == std::vector<std::int64_t>{2, 2});
  CHECK(file.at("a").to_float() == a);
  CHECK(file.at("scalar").to_float() == b);
  CHECK(file.at("empty").to_float().empty());
  CHECK_THROWS_WITH(file.at("b"), ContainsSubstring("no tensor b"));
}

TEST_CASE("damaged safetensors files are rejected with a reason") {
  const TemporaryFolder folder;
  const std::string path = folder / "a.safetensors";
  const std::string tensor = R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";
  const auto bad = [&](std::uint64_t length, const std::string& rest) {
    write_raw(path, length, rest);
    SafetensorsFile file(path);
  };
  CHECK_NOTHROW(bad(tensor.size(), tensor + "12345678"));
  CHECK_THROWS_WITH(bad(std::uint64_t{1} << 63, tensor),
                    ContainsSubstring("not a safetensors file"));
  CHECK_THROWS_WITH(bad(~std::uint64_t{0}, tensor), ContainsSubstring("not a safetensors file"));
  CHECK_THROWS_WITH(bad(tensor.size(), tensor + "1234567"), ContainsSubstring("outside the file"));
  CHECK_THROWS_WITH(bad(4, "nope"), ContainsSubstring(": header:1: not valid JSON at column 2"));
  CHECK_THROWS_WITH(bad(2, "{}"), ContainsSubstring("no tensor"));
  for (const auto& [header, what] : std::vector<std::pair<std::string, std::string>>{
           {R"({"a":{"dtype":"F99","shape":[2],"data_offsets":[0,8]}})", "unknown dtype"},
           {R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", "disagree"},
           {R"({"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})", "not lists of counts"},
           {R"({"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}})",
            "disagree"},
           {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})", "outside the file"},
           {R"({"a":5})", "dtype, shape and data_offsets are required"}}) {
    CAPTURE(header);
    CHECK_THROWS_WITH(bad(header.size(), header + "12345678"), ContainsSubstring(what));
  }
  CHECK_THROWS_WITH(SafetensorsFile("/no/such/file"), ContainsSubstring("cannot open"));
  CHECK_THROWS_WITH(SafetensorsFile("/tmp"), ContainsSubstring("is a directory"));
}

TEST_CASE("SHA-256 of the standard's examples") {
  const auto of = [](const std::string& text) { return sha256(std::as_bytes(std::span(text))); };
  CHECK(of("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(of("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST_CASE("half-precision numbers become floats by their definition") {
  for (unsigned half = 0; half < 0x10000; ++half) {
    const int exponent = half >> 10 & 31, fraction = half & 1023;
    const float value = from_half(static_cast<std::uint16_t>(half));
    CAPTURE(half);
    REQUIRE(std::signbit(value) == (half >= 0x8000));
    const float size = std::abs(value);
    if (exponent == 31) {
      REQUIRE((fraction ? std::isnan(value) : std::isinf(value)));
    } else if (exponent == 0) {
      REQUIRE(size == std::ldexp(fraction, -24));
    } else {
      REQUIRE(size == std::ldexp(1024 + fraction, exponent - 25));
    }
  }
}
