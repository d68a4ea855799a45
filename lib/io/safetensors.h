// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/mapped_file.h"

#include <cstddef>
#include <cstdint>
#include <future>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace vremd::io {

enum class DType { kF64, kF32, kF16, kBF16, kI64, kI32, kU8 };

std::size_t size_of(DType dtype);
const char* name_of(DType dtype);  // as safetensors spells it: "F32"

// A tensor's bytes in a file: little endian, row-major, contiguous.
struct TensorView {
  DType dtype = DType::kF32;
  std::vector<std::int64_t> shape;
  std::span<const std::byte> bytes;

  std::int64_t count() const;           // product of the shape
  std::vector<float> to_float() const;  // any floating dtype; Error for integers
};

// A safetensors file, mapped into memory: 8 bytes header length (little endian), a JSON header,
// the data. It is validated when opened: an Error names the file and the defect.
// https://huggingface.co/docs/safetensors
class SafetensorsFile {
 public:
  explicit SafetensorsFile(const std::string& path);

  const std::string& path() const { return file_.path(); }
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  const std::map<std::string, TensorView>& tensors() const { return tensors_; }
  const TensorView& at(const std::string& name) const;  // Error "file: no tensor NAME"
  // Of the whole file, computed in a separate thread.
  std::future<std::string> sha256() const;

 private:
  MappedFile file_;
  std::map<std::string, std::string> metadata_;
  std::map<std::string, TensorView> tensors_;
};

// Writes through OutputFile. Tensors are written in the order of their names, aligned to 8 bytes:
// equal content gives equal bytes.
void write_safetensors(const std::string& path, const std::map<std::string, TensorView>& tensors,
                       const std::map<std::string, std::string>& metadata, bool force = true);

// The file for `-w`: a path, or a name such as vremd-light, which is searched as NAME.safetensors
// in $VREMD_MODELS, <prefix>/share/vremd/models next to the binary's bin, and models/ of the source
// tree. An Error lists the places.
std::string find_weights(const std::string& name_or_path);

}  // namespace vremd::io
