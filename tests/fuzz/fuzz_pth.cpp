// SPDX-License-Identifier: Apache-2.0
// A libFuzzer target for files of torch.save. Bad input may end in an Error of one line; anything
// else is a finding.
#include "core/error.h"
#include "import/pth.h"

#include <cstdint>
#include <cstdlib>

using namespace vremd;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const importer::SourceFile source =
        importer::read_pth(std::as_bytes(std::span(data, size)), "x.pth");
    for (const auto& [name, tensor] : source.tensors) {
      const bool floating = tensor.dtype != io::DType::kI64 && tensor.dtype != io::DType::kI32 &&
                            tensor.dtype != io::DType::kU8;
      if (floating && std::ssize(tensor.to_float()) != tensor.count()) std::abort();
    }
  } catch (const Error& error) {
    if (std::string(error.what()).find('\n') != std::string::npos) std::abort();
  }
  return 0;
}
