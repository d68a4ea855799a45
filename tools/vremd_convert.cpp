// SPDX-License-Identifier: Apache-2.0
// vremd-convert: weights and record formats from and to others.

#include "cli/tool.h"
#include "import/convert_weights.h"
#include "io/convert_records.h"

#include <string_view>

using namespace vremd;

namespace {

void check(const ConvertConfig& config) {
  if (config.from == "records" && config.to == "records") {
    throw cli::UsageError("nothing to convert: --from names the input's format");
  }
  if (config.from != "records" && !find_read_format(config.from)) {
    throw cli::UsageError("--from takes " + read_formats() + ", not '" + config.from + "'");
  }
  if (config.to != "records") {
    throw cli::UsageError("--to takes records, not '" + config.to + "'");
  }
}

int convert(ConvertConfig config, const cli::Common& common) {
  check(config);
  config.inputs = cli::inputs_or_stdin(config.inputs);
  Header header;
  header.tool = common.tool;
  header.version = common.version;
  header.command = common.command;
  convert_records(config, header);
  return cli::kSuccess;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "weights") {
    return convert_weights_main(argc - 1, argv + 1);
  }
  ConvertConfig config;
  cli::Tool tool("vremd-convert", "records and weights from and to the formats of others");
  tool.inputs(config.inputs, "FILE...");
  tool.option("from", config.from, "FORMAT", "the input's format: " + read_formats());
  tool.option("to", config.to, "FORMAT", "the output's format: records");
  tool.option("root", config.root, "DIR", "folder of the pictures and videos that FILE names");
  tool.option("o,output", config.output, "FILE", "write here; '-' is standard output");
  tool.option("f,force", config.force, "replace an existing FILE");
  return tool.run(argc, argv, [&](const cli::Common& common) { return convert(config, common); });
}
