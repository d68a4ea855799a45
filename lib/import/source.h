// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/json.h"
#include "io/safetensors.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace vremd::importer {

// A tensor of a foreign file, checked to lie within the file.
struct SourceTensor {
  io::DType dtype = io::DType::kF32;
  std::vector<std::int64_t> shape, strides;  // strides in elements, not negative
  std::span<const std::byte> bytes;          // from the first element to the storage's end
  bool big_endian = false;

  std::int64_t count() const { return io::TensorView{dtype, shape, {}}.count(); }
  std::vector<float> to_float() const;  // row-major; Error for integers
};

// Foreign weights in any container: the tensors of one network by the names of its framework.
struct SourceFile {
  std::string path;       // of the file with the tensors
  std::string container;  // "PyTorch zip", "PyTorch legacy" or "safetensors"
  std::string sha256;     // of that file
  std::map<std::string, SourceTensor> tensors;
  std::map<std::string, std::string> unread;  // other values and their kind, such as "a number"
  std::optional<Json> config;                 // config.json of a Hugging Face directory
  std::string config_path;

  const SourceTensor& at(const std::string& name) const;  // Error "path: no tensor NAME ..."

  std::shared_ptr<const void> owner;  // of the bytes
};

// Takes the tensors of a file one by one.
class SourceReader {
 public:
  explicit SourceReader(const SourceFile& source) : source_(source) {}

  const SourceTensor& take(const std::string& name);  // as SourceFile::at
  // Error "path: tensor NAME [64] does not belong to NETWORK" for one not taken and not `unused`.
  void refuse_others(const std::function<bool(const std::string&)>& unused,
                     const std::string& network) const;

 protected:
  const SourceFile& source_;

 private:
  std::set<std::string> taken_;
};

std::string text_of(const std::vector<std::int64_t>& shape);  // "[64, 8]"

// Reads a .pth or .pt (pth.h), a .safetensors, or a directory with model.safetensors and
// config.json. The prefixes "module.", "_orig_mod." and "model." of names are removed.
SourceFile read_source(const std::string& path);

}  // namespace vremd::importer
