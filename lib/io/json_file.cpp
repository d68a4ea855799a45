// SPDX-License-Identifier: Apache-2.0
#include "io/json_file.h"

#include "core/error.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <iterator>
#include <unordered_set>

namespace vremd::io {
namespace {

// The bytes of a text or a file, and the current place.
class Bytes {
 public:
  explicit Bytes(std::string_view text) : block_(text) {}
  explicit Bytes(InputFile& file) : file_(&file) { fill(); }

  bool ended() const { return at_ == block_.size(); }
  bool more() {
    missed_ = missed_ || ended();
    return !missed_;
  }
  bool missed() const { return missed_; }
  char current() const { return block_[at_]; }
  void advance() {
    ++count_;
    if (block_[at_] == '\n') {
      ++line_;
      previous_line_start_ = line_start_;
      line_start_ = count_;
    }
    if (++at_ == block_.size() && file_) fill();
  }
  std::size_t count() const { return count_; }  // of bytes consumed

  struct Place {
    long line;  // both from 1
    std::size_t column;
  };
  // Of byte number `byte` (from 1), one of the last two: the parser looks one byte ahead.
  Place place(std::size_t byte) const {
    if (byte > line_start_) return {line_, byte - line_start_};
    return {line_ - 1, byte - previous_line_start_};
  }

 private:
  void fill() {
    at_ = 0;
    block_ = {buffer_.data(), file_->fill(buffer_)};
  }

  InputFile* file_ = nullptr;
  std::array<char, 1 << 16> buffer_;
  std::string_view block_;
  std::size_t at_ = 0, count_ = 0, line_start_ = 0, previous_line_start_ = 0;
  long line_ = 1;
  bool missed_ = false;  // the parser read past the end
};

// The input of nlohmann's parser.
class ByteIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = char;

  ByteIterator() = default;
  explicit ByteIterator(Bytes& bytes) : bytes_(&bytes) {}
  char operator*() const { return bytes_->current(); }
  ByteIterator& operator++() {
    bytes_->advance();
    return *this;
  }
  // The parser only compares with the end.
  bool operator!=(const ByteIterator&) const { return bytes_ && bytes_->more(); }
  bool operator==(const ByteIterator& other) const { return !(*this != other); }

 private:
  Bytes* bytes_ = nullptr;  // null: the end
};

// Builds the value from the parser's events.
class Builder : public nlohmann::json_sax<Json> {
 public:
  explicit Builder(const std::vector<JsonItems>& lists) : lists_(lists) {}

  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(number_integer_t value) override { return put(value); }
  bool number_unsigned(number_unsigned_t value) override { return put(value); }
  bool number_float(number_float_t value, const string_t&) override { return put(value); }
  bool string(string_t& value) override { return put(std::move(value)); }
  bool binary(binary_t&) override { return stop("binary data"); }
  bool start_object(std::size_t) override { return open(Json::object()); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    Level& level = levels_.back();
    level.key = name;
    return !level.has(name) || stop("duplicate key");
  }

  bool parse_error(std::size_t byte, const std::string&,
                   const nlohmann::detail::exception& error) override {
    byte_ = byte;
    constexpr int kOutOfRange = 406;
    return error.id == kOutOfRange && stop("a number is too large for a double");
  }

  Json take() { return std::move(root_); }
  const std::string& message() const { return message_; }  // "": syntax error
  std::size_t byte() const { return byte_; }               // its byte, from 1; 0: unknown

 private:
  struct Level {
    Json value;
    std::string key;                       // of the current member
    std::size_t count = 0;                 // of items so far
    const JsonItems* items = nullptr;      // receives the items
    std::unordered_set<std::string> keys;  // of a large object

    bool has(const std::string& name) {
      constexpr std::size_t kFew = 16;
      const auto& members = value.get_ref<const Json::object_t&>();
      if (members.size() < kFew) return value.contains(name);
      if (keys.empty()) {
        for (const auto& member : members) keys.insert(member.first);
      }
      return !keys.insert(name).second;
    }
  };

  bool put(Json value) {
    if (levels_.empty()) {
      root_ = std::move(value);
      return true;
    }
    Level& level = levels_.back();
    if (level.value.is_object()) {
      level.value.get_ref<Json::object_t&>().emplace_back(std::move(level.key), std::move(value));
      return true;
    }
    const std::size_t index = level.count++;
    if (level.items) {
      level.items->take(std::move(value), index, levels_.front().value);
    } else {
      level.value.push_back(std::move(value));
    }
    return true;
  }

  bool open(Json empty) {
    if (levels_.size() == kDeepestJson) return stop("nested too deeply");
    const JsonItems* items = empty.is_array() ? items_of_next_list() : nullptr;
    levels_.push_back({std::move(empty), "", 0, items, {}});
    return true;
  }

  const JsonItems* items_of_next_list() const {
    if (levels_.size() > 1 || (levels_.size() == 1 && !levels_[0].value.is_object()))
      return nullptr;
    const auto found = std::find_if(lists_.begin(), lists_.end(), [this](const JsonItems& one) {
      return levels_.empty() ? one.list.empty() : !one.list.empty() && one.list == levels_[0].key;
    });
    return found == lists_.end() ? nullptr : &*found;
  }

  bool close() {
    Json value = std::move(levels_.back().value);
    levels_.pop_back();
    return put(std::move(value));
  }

  bool stop(const char* what) {
    constexpr std::size_t kMostBytes = 1000;
    std::string path;
    for (const Level& level : levels_) {
      if (level.value.is_array()) {
        path += fmt::format("[{}]", level.count);
      } else {
        path += (path.empty() ? "" : ".") + excerpt(level.key);
      }
    }
    message_ = excerpt(path, kMostBytes) + (path.empty() ? "" : ": ") + what;
    return false;
  }

  const std::vector<JsonItems>& lists_;
  std::vector<Level> levels_;
  Json root_;
  std::string message_;
  std::size_t byte_ = 0;
};

Json parse(Bytes& bytes, const std::string& name, long line, const std::vector<JsonItems>& lists,
           bool comments = false) {
  if (bytes.ended()) fail("{}: empty", name);
  Builder builder(lists);
  if (Json::sax_parse(ByteIterator(bytes), ByteIterator(), &builder, Json::input_format_t::json,
                      /*strict=*/true, /*ignore_comments=*/comments)) {
    return builder.take();
  }
  const Bytes::Place place = bytes.place(builder.byte() ? builder.byte() : bytes.count());
  const long here = place.line + line - 1;
  if (!builder.message().empty()) fail("{}:{}: {}", name, here, builder.message());
  const std::string where =
      bytes.missed() ? ": unexpected end of input" : fmt::format(" at column {}", place.column);
  fail("{}:{}: not valid JSON{}", name, here, where);
}

}  // namespace

Json parse_json(std::string_view text, const std::string& name, long line) {
  Bytes bytes(text);
  return parse(bytes, name, line, {});
}

Json read_json_file(const std::string& path, const std::vector<JsonItems>& lists) {
  InputFile file(path);
  Bytes bytes(file);
  return parse(bytes, name_of_input(path), 1, lists);
}

Json read_config_file(const std::string& path) {
  const std::string text = read_text_file(path);
  Bytes bytes(text);
  return parse(bytes, name_of_input(path), 1, {}, /*comments=*/true);
}

std::vector<std::string> files_in(const std::string& folder, std::string_view ending) {
  namespace fs = std::filesystem;
  std::vector<std::string> files;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    const fs::path& path = entry->path();
    const std::string name = path.filename();
    if (name.ends_with(ending) && !name.starts_with('.')) files.push_back(path);
  }
  if (error) fail("{}: cannot read: {}", folder, error.message());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace vremd::io
