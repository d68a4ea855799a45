// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "convert/convert.h"
#include "core/log.h"
#include "io/json.h"
#include "io/records.h"
#include "temporary_folder.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace vremd::convert {

inline std::string text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// What the file `name` with these bytes becomes in another format. Error: it cannot be read, or the
// format cannot hold it.
inline std::string convert_text(const std::string& name, const std::string& bytes,
                                const std::string& to, ConvertConfig config = {}) {
  const TemporaryFolder folder;
  set_log("test", LogLevel::kError);
  config.inputs = {folder.save(name, bytes)};
  config.output = folder / "made";
  config.to = to;
  convert_records(config, io::Header{});
  return text_of(config.output);
}

// The lines of records without what differs from run to run.
inline std::vector<Json> records_of(const std::string& text) {
  std::vector<Json> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    Json json = Json::parse(text.substr(at, end - at));
    for (const char* key : {"format", "tool", "version", "command", "from"}) json.erase(key);
    lines.push_back(std::move(json));
    at = end + 1;
  }
  return lines;
}

inline std::vector<Json> read_text(const std::string& name, const std::string& bytes,
                                   ConvertConfig config = {}) {
  return records_of(convert_text(name, bytes, "records", std::move(config)));
}

// That the file `name` with these bytes cannot be read: an error that ends with its name and
// `error`.
inline void check_error(const std::string& name, const std::string& format,
                        const std::string& bytes, const std::string& error) {
  ConvertConfig config;
  config.from = format;
  CHECK_THROWS_WITH(convert_text(name, bytes, "records", config),
                    Catch::Matchers::EndsWith(name + error));
}

}  // namespace vremd::convert
