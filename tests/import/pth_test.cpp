// SPDX-License-Identifier: Apache-2.0
#include "import/pth.h"

#include "core/error.h"
#include "import/zip.h"
#include "make_pth.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <unistd.h>

#include <filesystem>
#include <fstream>

using namespace vremd;
using namespace vremd::importer;
using namespace vremd::make_pth;
using Catch::Matchers::ContainsSubstring;
using Floats = std::vector<float>;

namespace {

namespace fs = std::filesystem;

const std::string kFixtures = VREMD_PTH_FILES;

struct TemporaryFile {
  std::string path =
      (fs::temp_directory_path() / ("vremd-pth-" + std::to_string(getpid()))).string();
  explicit TemporaryFile(const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
  }
  ~TemporaryFile() { fs::remove(path); }
};

SourceFile read(const std::string& bytes) { return read_pth(TemporaryFile(bytes).path); }

std::string floats(std::initializer_list<float> values) {
  std::string bytes;
  for (const float value : values) bytes += raw(value);
  return bytes;
}

const std::string kFour = floats({1, 2, 3, 4});

using Entries = std::vector<std::pair<std::string, std::string>>;

// A state dict with one tensor "a" of the storage "0" with four numbers.
Entries entries_of(const std::string& tensor) {
  return {{"x/data.pkl", pickle(dict({{"a", tensor}}))}, {"x/data/0", kFour}};
}
TensorText tensor_of(std::int64_t offset, std::vector<std::int64_t> shape,
                     std::vector<std::int64_t> strides) {
  TensorText tensor;
  tensor.elements = 4;
  tensor.offset = offset;
  tensor.shape = std::move(shape);
  tensor.strides = std::move(strides);
  return tensor;
}

}  // namespace

TEST_CASE("files written by PyTorch, zip and legacy") {
  const std::string name = GENERATE("zip.pth", "legacy.pth");
  CAPTURE(name);
  const SourceFile source = read_pth(kFixtures + "/" + name);
  CHECK(source.container == (name == "zip.pth" ? "PyTorch zip" : "PyTorch legacy"));
  CHECK(source.sha256.size() == 64);
  const auto values = [&](const char* tensor) { return source.at(tensor).to_float(); };
  CHECK(values("whole") == Floats{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
  CHECK(values("rows") == Floats{4, 5, 6, 7, 8, 9, 10, 11});
  CHECK(values("columns") == Floats{1, 3, 5, 7, 9, 11});
  CHECK(source.at("columns").shape == std::vector<std::int64_t>{3, 2});
  CHECK(values("turned") == Floats{0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11});
  CHECK(values("half") == Floats{0.5F, -2, 65504});
  CHECK(values("bfloat16") == Floats{1.5F, -3});
  CHECK(values("double") == Floats{0.25F});
  CHECK(source.at("double").shape.empty());
  CHECK(values("empty").empty());
  CHECK(values("parameter") == Floats{7, 8});
  CHECK(values("running_var") == Floats{1, 1});
  CHECK(source.at("num_batches_tracked").dtype == io::DType::kI64);
  CHECK_THROWS_WITH(values("num_batches_tracked"), ContainsSubstring("I64"));
  CHECK(source.tensors.size() == 14);

  // other values are listed, not constructed
  CHECK(source.unread.at("array") == "numpy._core.multiarray._reconstruct");
  CHECK(source.unread.at("number") == "a number");
  CHECK_THROWS_WITH(
      source.at("array"),
      ContainsSubstring("array is not a tensor, but numpy._core.multiarray._reconstr"));
  CHECK_THROWS_WITH(source.at("none"), ContainsSubstring("no tensor none"));
}

TEST_CASE("files written by PyTorch without checksums, and of whole modules") {
  const SourceFile source = read_source(kFixtures + "/no_crc.pth");
  CHECK(source.at("a").to_float() == Floats{1, 1});  // "module." is removed
  CHECK(source.at("b").count() == 12);
  CHECK_THROWS_WITH(read_pth(kFixtures + "/module.pth"),
                    ContainsSubstring("holds a whole torch.nn.modules.linear.Linear"));
}

TEST_CASE("a truncated torch.save file is an error") {
  for (const char* name : {"zip.pth", "legacy.pth"}) {
    std::ifstream in(kFixtures + "/" + name, std::ios::binary);
    const std::string whole{std::istreambuf_iterator<char>(in), {}};
    REQUIRE(whole.size() > 2000);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      CAPTURE(name, size);
      CHECK_THROWS_AS(read(whole.substr(0, size)), Error);
    }
  }
}

TEST_CASE("a corrupted byte of a zip file is detected or harmless") {
  std::ifstream in(kFixtures + "/zip.pth", std::ios::binary);
  const std::string whole{std::istreambuf_iterator<char>(in), {}};
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 0x41);
    CAPTURE(at);
    try {
      const SourceFile source = read(changed);
      for (const auto& [name, tensor] : source.tensors) {
        if (tensor.dtype != io::DType::kI64) CHECK(std::ssize(tensor.to_float()) == tensor.count());
      }
    } catch (const Error& error) {
      CHECK(std::string(error.what()).find('\n') == std::string::npos);
    }
  }
}

TEST_CASE("tensors must lie within their storage") {
  const auto values = [](const TensorText& tensor) {
    return read(zip(entries_of(tensor()))).at("a").to_float();
  };
  CHECK(values(tensor_of(0, {2, 2}, {2, 1})) == Floats{1, 2, 3, 4});
  CHECK(values(tensor_of(1, {3}, {1})) == Floats{2, 3, 4});
  CHECK(values(tensor_of(0, {2, 2}, {1, 2})) == Floats{1, 3, 2, 4});
  CHECK(values(tensor_of(4, {0}, {1})).empty());
  CHECK(values(tensor_of(3, {}, {})) == Floats{4});
  CHECK(values(tensor_of(0, {1, 4}, {1000, 1})) == Floats{1, 2, 3, 4});
  CHECK(read(zip(entries_of(tensor_of(0, {4}, {1})("_rebuild_tensor")))).at("a").count() == 4);

  const auto fails = [&](const TensorText& tensor, const std::string& what) {
    CHECK_THROWS_WITH(values(tensor), ContainsSubstring(": a: " + what));
  };
  fails(tensor_of(0, {5}, {1}), "reaches outside");
  fails(tensor_of(1, {4}, {1}), "reaches outside");
  fails(tensor_of(5, {0}, {1}), "reaches outside");
  fails(tensor_of(-1, {1}, {1}), "reaches outside");
  fails(tensor_of(0, {2, 2}, {3, 1}), "reaches outside");
  fails(tensor_of(0, {2, 2}, {INT64_MAX, INT64_MAX}), "reaches outside");
  fails(tensor_of(0, {INT64_MAX, 3}, {1, 1}), "reaches outside");
  fails(tensor_of(0, {5, 1}, {0, 0}), "has more elements");  // expanded
  fails(tensor_of(0, {-1}, {1}), "invalid shape");
  fails(tensor_of(0, {2}, {-1}), "invalid shape");
  fails(tensor_of(0, {2}, {1, 1}), "invalid shape");
  fails(tensor_of(0, std::vector<std::int64_t>(17, 1), std::vector<std::int64_t>(17, 1)),
        "invalid shape");

  TensorText large = tensor_of(0, {4}, {1});
  large.elements = 5;
  CHECK_THROWS_WITH(values(large), ContainsSubstring("16 bytes are fewer than 5 elements"));
  large.elements = INT64_MAX;
  CHECK_THROWS_WITH(values(large), ContainsSubstring("impossibly large"));
  large = tensor_of(0, {4}, {1});
  large.key = "1";
  CHECK_THROWS_WITH(values(large), ContainsSubstring("no storage 1"));
  large.key = "../0";
  CHECK_THROWS_WITH(values(large), ContainsSubstring("no storage ../0"));
  large = tensor_of(0, {4}, {1});
  large.type = "ComplexFloatStorage";
  CHECK(read(zip(entries_of(large()))).unread.at("a") == "torch._utils._rebuild_tensor_v2");
}

TEST_CASE("only functions of torch make tensors") {
  const TensorText good = tensor_of(0, {4}, {1});
  const std::string arguments = tuple({good.storage(), integer(0), sizes({4}), sizes({1})});
  for (const std::string& function :
       {global("posix", "system"), global("torch._utils", "_rebuild_tensor_v3"),
        global("torch", "_utils._rebuild_tensor_v2_"), global("evil", "_rebuild_tensor_v2")}) {
    Entries entries = entries_of(good());
    entries[0].second = pickle(dict({{"a", good()}, {"b", call(function, arguments)}}));
    const SourceFile source = read(zip(entries));
    CHECK(source.tensors.size() == 1);
    CHECK(source.unread.contains("b"));
  }
  // a parameter of a parameter, and empty ones
  const std::string parameter = global("torch._utils", "_rebuild_parameter");
  const auto wrap = [&](const std::string& inner) {
    return call(parameter, tuple({inner, "\x88"}));
  };
  CHECK(read(zip(entries_of(wrap(wrap(good()))))).at("a").count() == 4);
  CHECK(read(zip(entries_of(call(parameter, ")")))).unread.contains("a"));
  CHECK(read(zip(entries_of(wrap("N")))).unread.contains("a"));
}

TEST_CASE("the state dict is found, or the error says why not") {
  const std::string tensor = tensor_of(0, {4}, {1})();
  const auto with = [&](const std::string& value) {
    return zip({{"x/data.pkl", pickle(value)}, {"x/data/0", kFour}});
  };
  for (const char* key : {"state_dict", "model", "module"}) {
    const std::string value = dict({{"epoch", "K\x01"}, {key, dict({{"a", tensor}})}});
    CHECK(read(with(value)).at("a").count() == 4);
  }
  const auto fails = [&](const std::string& value, const std::string& what) {
    CHECK_THROWS_WITH(read(with(value)), ContainsSubstring(what));
  };
  fails("N", "no state dict");
  fails("]", "no state dict");
  fails(dict({{"a", "K\x01"}}), "no state dict");
  fails(dict({{"model", call(global("yolox.models", "YOLOX"), ")")}}),
        "model is a whole yolox.models.YOLOX, not a state dict");
  CHECK(read(with(dict({{"a\nb", tensor}}))).tensors.contains("a\nb"));
  TensorText outside = tensor_of(5, {1}, {1});
  CHECK_THROWS_WITH(read(with(dict({{"a\n\x1b[2Jb", outside()}}))),
                    ContainsSubstring(": a\\n\\x1b[2Jb: reaches outside"));
  fails(tensor, "no state dict");
}

TEST_CASE("zip containers") {
  const Entries good = entries_of(tensor_of(0, {4}, {1})());
  const auto with = [&](const std::string& name, const std::string& bytes) {
    Entries entries = good;
    entries.emplace_back(name, bytes);
    return zip(entries);
  };
  CHECK(read(zip(good)).at("a").to_float() == Floats{1, 2, 3, 4});
  CHECK(read(zip(good, {.zip64 = true})).at("a").to_float() == Floats{1, 2, 3, 4});
  CHECK(read(with("x/byteorder", "little")).at("a").to_float() == Floats{1, 2, 3, 4});
  Entries big = good;
  big[1].second = std::string("\x3f\x80\0\0\x40\0\0\0\x40\x40\0\0\x40\x80\0\0", 16);
  big.emplace_back("x/byteorder", "big");
  CHECK(read(zip(big)).at("a").to_float() == Floats{1, 2, 3, 4});

  const auto fails = [](const std::string& bytes, const std::string& what) {
    CHECK_THROWS_WITH(read(bytes), ContainsSubstring(what));
  };
  fails(with("x/byteorder", "middle"), "unknown byte order");
  fails(with("x/constants.pkl", "."), "TorchScript");
  fails(with("y/data.pkl", "N."), "two data.pkl");
  fails(with("x/data.pkl", "N."), "duplicate entry");
  fails(zip({{"x/y/data.pkl", pickle("N")}}), "not written by torch.save");
  fails(zip(good, {.method = 8}), "compressed entries");
  fails(zip(good, {.flags = 1}), "encrypted");
  fails(zip(good, {.wrong_crc = 1}), "x/data.pkl: damaged (its checksum is wrong)");
  fails("PK\x03\x04", "truncated");
  fails("", "not a torch.save file");
  fails("{\"a\": 1}", "not a torch.save file");
  CHECK_THROWS_WITH(read_pth("/no/such.pth"), ContainsSubstring("cannot open"));
  CHECK_THROWS_WITH(read_pth("/tmp"), ContainsSubstring("is a directory"));
}

TEST_CASE("legacy containers") {
  const TensorText tensor = tensor_of(1, {3}, {1});
  const auto with = [](const TensorText& one) { return dict({{"a", one()}}); };
  CHECK(read(legacy(with(tensor), {{"0", kFour}})).at("a").to_float() == Floats{2, 3, 4});
  const auto fails = [](const std::string& bytes, const std::string& what) {
    CHECK_THROWS_WITH(read(bytes), ContainsSubstring(what));
  };
  const std::string whole = legacy(with(tensor), {{"0", kFour}});
  fails(whole.substr(0, whole.size() - 1), "ends inside storage 0");
  fails(pickle("K\x01"), "a pickle, but not written by torch.save");
  fails(legacy(with(tensor), {{"1", kFour}}), "storage 1: not used by any tensor");
  fails(legacy(with(tensor), {}), "no storage 0");
  fails(legacy(with(tensor), {{"0", floats({1, 2})}}), "ends inside storage 0");
  std::string old = whole;
  old[old.find(raw(std::int64_t{1001}))] = 1;
  fails(old, "protocol 769 of torch.save is not supported");
  TensorText half = tensor;
  half.type = "HalfStorage";
  fails(legacy(dict({{"a", tensor()}, {"b", half()}}), {{"0", kFour}}), "has two types");
}

TEST_CASE("crc32 of the standard's example") {
  const std::string text = "123456789";
  CHECK(crc32(std::as_bytes(std::span(text))) == 0xcbf43926);
  CHECK(crc32({}) == 0);
}
