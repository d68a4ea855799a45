// SPDX-License-Identifier: Apache-2.0
#include "import/pth.h"

#include "core/error.h"
#include "core/text.h"
#include "import/pickle.h"
#include "import/zip.h"
#include "io/mapped_file.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

namespace vremd::importer {
namespace {

using Bytes = std::span<const std::byte>;
using Kind = PickleValue::Kind;

constexpr std::string_view kMagic("\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 10);  // little endian
constexpr std::int64_t kLegacyProtocol = 1001;
constexpr std::size_t kMaxAxes = 16;

constexpr std::array<std::pair<std::string_view, io::DType>, 9> kStorages{{
    {"torch.DoubleStorage", io::DType::kF64},
    {"torch.FloatStorage", io::DType::kF32},
    {"torch.HalfStorage", io::DType::kF16},
    {"torch.BFloat16Storage", io::DType::kBF16},
    {"torch.LongStorage", io::DType::kI64},
    {"torch.IntStorage", io::DType::kI32},
    {"torch.ByteStorage", io::DType::kU8},
    {"torch.CharStorage", io::DType::kU8},
    {"torch.BoolStorage", io::DType::kU8},
}};

// The persistent id of a storage: ("storage", type, key, location, elements).
struct StorageId {
  io::DType dtype;
  std::string key;
  std::int64_t count;
};

// Nullopt for unsupported types.
std::optional<StorageId> storage_id(const PickleValue& persistent, const std::string& path) {
  const auto wrong = [&] { fail("{}: an unknown kind of persistent id", path); };
  if (persistent.kind != Kind::kPersistent) return {};
  const PickleValue& id = *persistent.items[0];
  if (id.kind != Kind::kTuple || id.items.size() < 5 || id.items[0]->text != "storage" ||
      id.items[1]->kind != Kind::kGlobal || id.items[2]->kind != Kind::kString ||
      id.items[4]->kind != Kind::kInt || id.items[4]->integer < 0) {
    wrong();
  }
  if (id.items.size() > 5 && id.items[5]->kind != Kind::kNone) {
    fail("{}: a view of a storage, as PyTorch wrote before 0.4", path);
  }
  for (const auto& [name, dtype] : kStorages) {
    if (id.items[1]->text == name) return StorageId{dtype, id.items[2]->text, id.items[4]->integer};
  }
  return {};
}

// Lookup of storages. Error if one is missing.
class Storages {
 public:
  virtual ~Storages() = default;
  virtual Bytes find(const StorageId& id) = 0;
  virtual bool big_endian() const { return false; }

 protected:
  static std::uint64_t size_of_storage(const StorageId& id, const std::string& path) {
    std::uint64_t size = 0;
    if (__builtin_mul_overflow(static_cast<std::uint64_t>(id.count), io::size_of(id.dtype),
                               &size)) {
      fail("{}: storage {}: impossibly large", path, excerpt(id.key));
    }
    return size;
  }
};

class ZipStorages : public Storages {
 public:
  ZipStorages(Bytes file, const std::string& path) : path_(path), entries_(read_zip(file, path)) {
    static const std::string kPickle = "/data.pkl";
    for (const auto& [name, entry] : entries_) {
      if (!name.ends_with(kPickle) || name.find('/') != name.size() - kPickle.size()) continue;
      if (!folder_.empty()) fail("{}: two data.pkl", path);
      folder_ = name.substr(0, name.size() - kPickle.size() + 1);
    }
    if (folder_.empty()) fail("{}: a zip file, but not written by torch.save (no data.pkl)", path);
    if (entries_.contains(folder_ + "constants.pkl")) {
      fail("{}: a TorchScript program; save only its state dict", path);
    }
    if (entries_.contains(folder_ + "byteorder")) {
      const Bytes order = checked("byteorder");
      const std::string_view text(reinterpret_cast<const char*>(order.data()), order.size());
      if (text != "little" && text != "big") fail("{}: unknown byte order", path);
      big_endian_ = text == "big";
    }
  }

  Bytes pickle() { return checked("data.pkl"); }

  Bytes find(const StorageId& id) override {
    auto known = checked_.find(id.key);
    if (known == checked_.end()) {
      if (!entries_.contains(folder_ + "data/" + id.key)) {
        fail("{}: no storage {}", path_, excerpt(id.key));
      }
      known = checked_.emplace(id.key, checked("data/" + id.key)).first;
    }
    if (known->second.size() < size_of_storage(id, path_)) {
      fail("{}: storage {}: {} bytes are fewer than {} elements", path_, excerpt(id.key),
           known->second.size(), id.count);
    }
    return known->second;
  }

  bool big_endian() const override { return big_endian_; }

 private:
  Bytes checked(const std::string& name) const {
    const ZipEntry& entry = entries_.at(folder_ + name);
    // PyTorch can disable checksums and then writes 0.
    if (entry.crc != 0 && crc32(entry.bytes) != entry.crc) {
      fail("{}: {}: damaged (its checksum is wrong)", path_, excerpt(folder_ + name));
    }
    return entry.bytes;
  }

  const std::string& path_;
  std::map<std::string, ZipEntry> entries_;
  std::string folder_;
  std::map<std::string, Bytes> checked_;
  bool big_endian_ = false;
};

// After the pickle: a list of keys; then per key the number of elements and the elements.
class LegacyStorages : public Storages {
 public:
  LegacyStorages(Bytes rest, const Pickle& pickle, const std::string& path) : path_(path) {
    std::map<std::string, std::size_t> element_size;
    for (const PickleValue& value : pickle.values()) {
      if (value.kind != Kind::kPersistent) continue;
      const auto id = storage_id(value, path);
      if (!id) fail("{}: a storage of unsupported type", path);
      const auto size = element_size.emplace(id->key, io::size_of(id->dtype)).first->second;
      if (size != io::size_of(id->dtype)) {
        fail("{}: storage {} has two types", path, excerpt(id->key));
      }
    }
    const Pickle keys(rest, path);
    rest = rest.subspan(keys.size());
    if (keys.value().kind != Kind::kList) fail("{}: no list of storages", path);
    for (const PickleValue* key : keys.value().items) {
      const auto known = element_size.find(key->text);
      if (known == element_size.end()) {
        fail("{}: storage {}: not used by any tensor", path, excerpt(key->text));
      }
      std::uint64_t count = 0;
      if (rest.size() < sizeof(count)) cut(key->text);
      std::memcpy(&count, rest.data(), sizeof(count));
      rest = rest.subspan(sizeof(count));
      if (count > rest.size() / known->second) cut(key->text);
      storages_[key->text] = rest.first(count * known->second);
      rest = rest.subspan(count * known->second);
    }
  }

  Bytes find(const StorageId& id) override {
    const auto found = storages_.find(id.key);
    if (found == storages_.end()) fail("{}: no storage {}", path_, excerpt(id.key));
    if (found->second.size() < size_of_storage(id, path_)) cut(id.key);
    return found->second;
  }

 private:
  [[noreturn]] void cut(const std::string& key) const {
    fail("{}: ends inside storage {} (truncated?)", path_, excerpt(key));
  }

  const std::string& path_;
  std::map<std::string, Bytes> storages_;
};

// ---- tensors -----------------------------------------------------------------------------------

std::vector<std::int64_t> read_sizes(const PickleValue& tuple, const std::string& place) {
  if (tuple.kind != Kind::kTuple || tuple.items.size() > kMaxAxes) {
    fail("{}: invalid shape", place);
  }
  std::vector<std::int64_t> sizes;
  for (const PickleValue* one : tuple.items) {
    if (one->kind != Kind::kInt || one->integer < 0) fail("{}: invalid shape", place);
    sizes.push_back(one->integer);
  }
  return sizes;
}

// Error unless shape and strides stay within `room` elements from the tensor's first one.
void check_extent(const SourceTensor& tensor, std::int64_t room, const std::string& place) {
  const auto outside = [&] { fail("{}: reaches outside its storage", place); };
  if (tensor.shape.size() != tensor.strides.size()) fail("{}: invalid shape", place);
  if (std::ranges::find(tensor.shape, 0) != tensor.shape.end()) return;
  std::int64_t last = 0, count = 1, reach = 0;
  for (std::size_t axis = 0; axis < tensor.shape.size(); ++axis) {
    if (__builtin_mul_overflow(count, tensor.shape[axis], &count) ||
        __builtin_mul_overflow(tensor.shape[axis] - 1, tensor.strides[axis], &reach) ||
        __builtin_add_overflow(last, reach, &last)) {
      outside();
    }
  }
  if (last >= room) outside();
  if (count > room) fail("{}: has more elements than its storage", place);
}

// The tensor that `value` represents; nullopt for anything else.
std::optional<SourceTensor> read_tensor(const PickleValue& value, Storages& storages,
                                        const std::string& path, const std::string& place) {
  const PickleValue* object = &value;
  while (object->kind == Kind::kObject && object->text == "torch._utils._rebuild_parameter" &&
         !object->items[0]->items.empty()) {
    object = object->items[0]->items[0];
  }
  if (object->kind != Kind::kObject || (object->text != "torch._utils._rebuild_tensor_v2" &&
                                        object->text != "torch._utils._rebuild_tensor")) {
    return {};
  }
  const PickleValue::Items& arguments = object->items[0]->items;
  if (arguments.size() < 4 || arguments[1]->kind != Kind::kInt) {
    fail("{}: invalid tensor", place);
  }
  const auto id = storage_id(*arguments[0], path);
  if (!id) return {};
  const std::int64_t offset = arguments[1]->integer;
  SourceTensor tensor;
  tensor.dtype = id->dtype;
  tensor.shape = read_sizes(*arguments[2], place);
  tensor.strides = read_sizes(*arguments[3], place);
  tensor.big_endian = storages.big_endian();
  if (offset < 0 || offset > id->count) fail("{}: reaches outside its storage", place);
  check_extent(tensor, id->count - offset, place);
  const std::size_t size = io::size_of(id->dtype);
  tensor.bytes = storages.find(*id).subspan(static_cast<std::size_t>(offset) * size,
                                            static_cast<std::size_t>(id->count - offset) * size);
  return tensor;
}

// ---- the state dict ----------------------------------------------------------------------------

bool is_tensor(const PickleValue& value) {
  return value.kind == Kind::kObject && value.text.starts_with("torch._utils._rebuild_");
}

bool holds_tensors(const PickleValue& dict) {
  if (dict.kind != Kind::kDict) return false;
  for (std::size_t i = 1; i < dict.items.size(); i += 2) {
    if (is_tensor(*dict.items[i])) return true;
  }
  return false;
}

const PickleValue& state_dict(const PickleValue& root, const std::string& path) {
  for (const char* key : {"state_dict", "model", "module", "model_state_dict"}) {
    const PickleValue* child = root.find(key);
    if (!child) continue;
    if (holds_tensors(*child)) return *child;
    if (child->kind == Kind::kObject && !is_tensor(*child)) {
      fail("{}: {} is a whole {}, not a state dict", path, key, child->describe());
    }
  }
  if (root.kind == Kind::kObject && !is_tensor(root)) {
    fail("{}: holds a whole {}, not a state dict", path, root.describe());
  }
  if (!holds_tensors(root)) fail("{}: contains no state dict", path);
  return root;
}

void read_state(const PickleValue& dict, Storages& storages, SourceFile& source) {
  for (std::size_t i = 0; i + 1 < dict.items.size(); i += 2) {
    if (dict.items[i]->kind != Kind::kString) continue;
    const std::string& name = dict.items[i]->text;
    const std::string place = source.path + ": " + excerpt(name);
    if (auto tensor = read_tensor(*dict.items[i + 1], storages, source.path, place)) {
      source.tensors[name] = std::move(*tensor);
      source.unread.erase(name);
    } else {
      source.unread[name] = dict.items[i + 1]->describe();
      source.tensors.erase(name);
    }
  }
}

void read_legacy(Bytes bytes, SourceFile& source) {
  const Pickle magic(bytes, source.path);
  if (magic.value().kind != Kind::kBytes || magic.value().text != kMagic) {
    fail("{}: a pickle, but not written by torch.save", source.path);
  }
  bytes = bytes.subspan(magic.size());
  const Pickle protocol(bytes, source.path);
  if (protocol.value().integer != kLegacyProtocol) {
    fail("{}: protocol {} of torch.save is not supported", source.path, protocol.value().integer);
  }
  bytes = bytes.subspan(protocol.size());
  const Pickle system(bytes, source.path);
  bytes = bytes.subspan(system.size());
  const Pickle pickle(bytes, source.path);
  LegacyStorages storages(bytes.subspan(pickle.size()), pickle, source.path);
  read_state(state_dict(pickle.value(), source.path), storages, source);
}

}  // namespace

SourceFile read_pth(std::span<const std::byte> bytes, const std::string& path) {
  SourceFile source;
  source.path = path;
  if (is_zip(bytes)) {
    source.container = "PyTorch zip";
    ZipStorages storages(bytes, path);
    const Pickle pickle(storages.pickle(), path);
    read_state(state_dict(pickle.value(), path), storages, source);
  } else {
    if (bytes.empty() || std::to_integer<int>(bytes[0]) != 0x80) {
      fail("{}: not a torch.save file", path);
    }
    source.container = "PyTorch legacy";
    read_legacy(bytes, source);
  }
  source.sha256 = io::sha256(bytes);
  return source;
}

SourceFile read_pth(const std::string& path) {
  const auto file = std::make_shared<const io::MappedFile>(path);
  SourceFile source = read_pth(file->bytes(), path);
  source.owner = file;
  return source;
}

}  // namespace vremd::importer
