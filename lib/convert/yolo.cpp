// SPDX-License-Identifier: Apache-2.0
// YOLO's labels for poses, as Ultralytics trains on: a folder with data.yaml, which has the number
// and the mirrored order of the keypoints, and labels/NAME.txt for the image images/NAME.jpg. A
// line per person: class, centre and size of the box, then x, y and visibility of each keypoint (0:
// not labelled, 1: hidden, 2: visible), coordinates divided by width or height of the image and
// within 0...1. The sizes of the images, which others take from the images, are further keys of
// data.yaml. https://docs.ultralytics.com/datasets/pose/
#include "convert/format.h"
#include "convert/format_support.h"
#include "convert/joint_map.h"
#include "core/error.h"
#include "core/log.h"
#include "core/text.h"
#include "io/json_file.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <numeric>
#include <optional>
#include <tuple>
#include <unordered_set>

namespace vremd::convert {
namespace {

namespace fs = std::filesystem;
using Size = std::pair<int, int>;

constexpr std::string_view kData = "data.yaml", kLabels = "labels", kEnding = ".txt";
constexpr std::size_t kDigits = 12;  // of a frame number
constexpr std::size_t kBoxFields = 5;

// ---- reading ----------------------------------------------------------------------------------

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r";
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == text.npos) return "";
  return text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
}

std::vector<std::string> split(std::string_view text, std::string_view separators) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = text.find_first_of(separators);
    const std::string_view part = trimmed(text.substr(0, end));
    if (!part.empty()) parts.emplace_back(part);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
  return parts;
}

// The few forms of YAML that such files have: "key: value", "key: [a, b]", and below a key, further
// in, the same and "- item".
class DataFile {
 public:
  explicit DataFile(const std::string& folder) : path_(fs::path(folder) / kData) {
    const std::string text = io::read_text_file(path_);
    std::string key;
    long number = 0;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      std::string_view line = std::string_view(text).substr(at, end - at);
      at = end + 1;
      ++number;
      if (const std::size_t hash = line.find(" #"); hash != line.npos) line = line.substr(0, hash);
      const bool inside = line.starts_with(' ') || line.starts_with('-');
      line = trimmed(line);
      if (line.empty() || line[0] == '#') continue;
      if (inside) {
        take_inner(key, line, number);
        continue;
      }
      const std::size_t colon = line.find(':');
      if (colon == line.npos) fail("{}:{}: not KEY: VALUE", path_, number);
      key = line.substr(0, colon);
      const std::string_view value = trimmed(line.substr(colon + 1));
      if (key == "kpt_shape") shape_ = numbers(value, number);
      if (key == "image_size") size_ = size(value, number);
    }
    if (shape_.size() != 2 || shape_[0] < 1 || shape_[0] > kMostKeypoints || shape_[1] < 2 ||
        shape_[1] > 3) {
      fail("{}: no kpt_shape: [NUMBER, 2 or 3]", path_);
    }
  }

  std::size_t keypoints() const { return static_cast<std::size_t>(shape_[0]); }
  std::size_t dimensions() const { return static_cast<std::size_t>(shape_[1]); }

  JointSet joints(const std::string& given) const {
    if (names_.empty()) return joint_set_of_size(keypoints(), given, path_);
    if (names_.size() != keypoints()) {
      fail("{}: kpt_names: {} names of {} keypoints", path_, names_.size(), keypoints());
    }
    if (!given.empty()) return joint_set_of_size(keypoints(), given, path_);
    return joint_set_of_names(names_, "", path_);
  }

  Size size_of(const std::string& label) const {
    if (const auto found = sizes_.find(label); found != sizes_.end()) return found->second;
    if (size_) return *size_;
    fail("{}: no size of {}: labels are relative to it; add image_size: [WIDTH, HEIGHT]", path_,
         excerpt(label, kPathExcerptBytes));
  }

 private:
  static constexpr std::int64_t kMostKeypoints = 10'000;

  std::vector<std::int64_t> numbers(std::string_view value, long line) const {
    std::vector<std::int64_t> all;
    for (const std::string& part : split(value, "[],")) {
      const auto number = number_from<std::int64_t>(part);
      if (!number) fail("{}:{}: '{}' is not an integer", path_, line, excerpt(part));
      all.push_back(*number);
    }
    return all;
  }

  Size size(std::string_view value, long line) const {
    constexpr std::int64_t kLargest = 1 << 24;
    const auto both = numbers(value, line);
    if (both.size() != 2 || std::ranges::min(both) < 1 || std::ranges::max(both) > kLargest) {
      fail("{}:{}: not [WIDTH, HEIGHT] of an image", path_, line);
    }
    return {static_cast<int>(both[0]), static_cast<int>(both[1])};
  }

  // A JSON string is also a YAML string.
  std::string unquoted(std::string_view text, long line) const {
    if (text.starts_with('"')) {
      const Json json = io::parse_json(text, path_, line);
      if (json.is_string()) return json.get<std::string>();
    }
    const bool quoted = text.size() > 1 && text[0] == '\'' && text.back() == '\'';
    return std::string(quoted ? text.substr(1, text.size() - 2) : text);
  }

  void take_inner(const std::string& key, std::string_view line, long number) {
    const std::size_t colon = line.rfind(':');
    if (key == "kpt_names") {  // of one class
      const std::string_view value = colon == line.npos ? line : trimmed(line.substr(colon + 1));
      const bool item = value.starts_with("- ");
      for (const std::string& name : split(item ? value.substr(2) : value, "[],")) {
        names_.push_back(known_joint(unquoted(name, number)));
      }
    } else if (key == "image_sizes") {
      if (colon == line.npos) fail("{}:{}: not NAME: [WIDTH, HEIGHT]", path_, number);
      sizes_[unquoted(trimmed(line.substr(0, colon)), number)] =
          size(line.substr(colon + 1), number);
    }
  }

  std::string path_;
  std::vector<std::int64_t> shape_;
  std::vector<std::string> names_;
  std::optional<Size> size_;
  std::map<std::string, Size> sizes_;  // by the names of labels
};

class Reader {
 public:
  Reader(const std::string& folder, const ReadContext& context, RecordSink& sink)
      : folder_(folder), context_(context), sink_(sink), data_(folder) {
    joints_ = data_.joints(context.input_joints);
  }

  void read() {
    std::vector<std::string> folders = {fs::path(folder_) / kLabels};  // and those of its parts
    std::error_code error;
    for (fs::directory_iterator entry(folders[0], error);
         !error && entry != fs::directory_iterator(); entry.increment(error)) {
      if (entry->is_directory()) folders.push_back(entry->path());
    }
    if (error) fail("{}: cannot read: {}", folders[0], error.message());
    std::sort(folders.begin() + 1, folders.end());
    for (const std::string& folder : folders) read_folder(folder);
    if (!any_) fail("{}: no labels", folders[0]);
    if (other_classes_)
      log_warning("{}: people of other classes than 0 skipped: {}", folder_, other_classes_);
  }

 private:
  struct Video {
    std::string name;
    std::map<std::int64_t, std::string> files;  // by frame
  };

  // NAME_000000000012.txt is frame 12 of a video, any other file a picture.
  void read_folder(const std::string& folder) {
    std::vector<Video> videos;
    std::map<std::string, std::size_t> by_name;
    for (const std::string& path : io::files_in(folder, kEnding)) {
      std::string name = fs::path(path).stem();
      std::int64_t frame = 0;
      const std::size_t line = name.rfind('_');
      if (line != name.npos && line > 0 && name.size() - line - 1 == kDigits) {
        if (const auto number = number_from<std::int64_t>(std::string_view(name).substr(line + 1));
            number && *number >= 0) {
          frame = *number;
          name.resize(line);
          const auto [entry, is_new] = by_name.emplace(name, videos.size());
          if (is_new) videos.push_back({name, {}});
          videos[entry->second].files[frame] = path;
          continue;
        }
      }
      videos.push_back({name + ".jpg", {{0, path}}});
    }
    for (const Video& video : videos) read_video(video);
  }

  void read_video(const Video& video) {
    any_ = true;
    io::Header header = context_.header;
    header.video = io::join_root(context_.root, video.name);
    header.joints = joints_;
    const Size first = data_.size_of(fs::path(video.files.begin()->second).stem());
    std::tie(header.width, header.height) = first;
    sink_.begin(header);
    for (const auto& [number, path] : video.files) {
      const Size size = data_.size_of(fs::path(path).stem());
      io::FrameRecord frame;
      frame.frame = number;
      if (size != first) frame.size = size;
      read_people(path, size, frame);
      sink_.frame(std::move(frame));
    }
    sink_.end(Json::object());
  }

  void read_people(const std::string& path, const Size& size, io::FrameRecord& frame) {
    const std::string text = io::read_text_file(path);
    long number = 0;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      const std::vector<std::string> fields =
          split(std::string_view(text).substr(at, end - at), " \t\r");
      at = end + 1;
      ++number;
      if (!fields.empty()) read_person(fields, fmt::format("{}:{}", path, number), size, frame);
    }
  }

  void read_person(const std::vector<std::string>& fields, const std::string& place,
                   const Size& size, io::FrameRecord& frame) {
    const std::size_t width = kBoxFields + data_.keypoints() * data_.dimensions();
    if (fields.size() != width) fail("{}: {} numbers instead of {}", place, fields.size(), width);
    std::vector<double> numbers;
    for (const std::string& field : fields) {
      const auto value = number_from<double>(field);
      if (!value || !std::isfinite(*value)) fail("{}: '{}' is not a number", place, excerpt(field));
      numbers.push_back(*value);
    }
    if (numbers[0] != 0) {
      ++other_classes_;
      return;
    }
    const double w = size.first, h = size.second;
    const auto rounded = [](double pixels) {  // what is written with 8 digits has no more
      constexpr double kSteps = 1e4;
      return std::round(pixels * kSteps) / kSteps;
    };
    io::Instance person;
    person.box = {rounded((numbers[1] - numbers[3] / 2) * w),
                  rounded((numbers[2] - numbers[4] / 2) * h), rounded(numbers[3] * w),
                  rounded(numbers[4] * h)};
    bool annotated = true;
    for (std::size_t at = kBoxFields; at < width; at += data_.dimensions()) {
      const double x = numbers[at], y = numbers[at + 1];
      const double v = data_.dimensions() == 3 ? numbers[at + 2] : x != 0 || y != 0 ? 2 : 0;
      annotated = annotated && (v == 0 || v == 1 || v == 2);
      person.visibility.push_back(v);
      person.keypoints.push_back({rounded(x * w), rounded(y * h), v});
    }
    if (annotated) {
      for (io::Keypoint& k : person.keypoints) k.score = k.score > 0 ? 1 : 0;
    } else {  // a prediction, with scores
      person.visibility.clear();
      person.score = io::person_score(person.keypoints, 1);
    }
    frame.instances.push_back(std::move(person));
  }

  std::string folder_;
  const ReadContext& context_;
  RecordSink& sink_;
  DataFile data_;
  JointSet joints_;
  bool any_ = false;
  long other_classes_ = 0;
};

// ---- writing ----------------------------------------------------------------------------------

class Writer : public RecordSink {
 public:
  Writer(std::string folder, bool force)
      : folder_(std::move(folder)), labels_(fs::path(folder_) / kLabels), force_(force) {
    if (folder_ == "-") fail("yolo: a folder of files, not standard output; use -o");
    io::make_folder(labels_);
    io::discard_partial_files_in(labels_, kEnding);
    io::check_output(data_path(), force_);
  }

  void begin(const io::Header& header) override {
    const std::string video = excerpt(header.video, kPathExcerptBytes);
    if (!header.joints || header.joints->joints.empty()) {
      fail("{}: no joints, which labels of yolo require; run vremd-pose first", video);
    }
    if (joints_ && joints_->joints != header.joints->joints) {
      fail("{}: other joints than the videos before; yolo has the same in all images: use --joints",
           video);
    }
    joints_ = header.joints;
    header_ = header;
    name_ = names_.of(header.video);
  }

  void frame(io::FrameRecord frame) override {
    std::string name = name_;
    if (frame.file) {
      name = fs::path(*frame.file).stem();
    } else if (!is_still(header_) || frame.frame != 0) {
      name += fmt::format("_{:0{}}", frame.frame, kDigits);
    }
    const std::string path = fs::path(labels_) / (name + std::string(kEnding));
    if (!written_.insert(path).second) fail("{}: a second image of this name", path);
    const Size size = frame.size.value_or(Size{header_.width, header_.height});
    if (size.first <= 0 || size.second <= 0) {
      fail("{}: frame {}: no size of the image, to which labels of yolo are relative",
           excerpt(header_.video, kPathExcerptBytes), frame.frame);
    }
    sizes_[size].push_back(name);
    std::string text;
    for (const io::Instance& person : frame.instances) add(text, person, size);
    io::OutputFile file(path, force_);
    file.write(text);
    file.commit();
  }

  void finish() override {
    if (clipped_) log_warning("yolo: boxes clipped to the image: {}", clipped_);
    if (outside_) log_warning("yolo: keypoints outside the image dropped: {}", outside_);
    if (people_outside_) log_warning("yolo: people outside the image skipped: {}", people_outside_);
    if (joints_) io::write_file(data_path(), data(), force_);
  }

 private:
  std::string data_path() const { return fs::path(folder_) / kData; }

  static double rounded(double value) {
    constexpr double kSteps = 1e8;
    return std::round(value * kSteps) / kSteps;
  }

  void add(std::string& text, const io::Instance& person, const Size& size) {
    const double w = size.first, h = size.second;
    const Box& b = person.box;
    const double left = std::clamp(b.x, 0.0, w), right = std::clamp(b.x + b.w, 0.0, w);
    const double top = std::clamp(b.y, 0.0, h), bottom = std::clamp(b.y + b.h, 0.0, h);
    if (!(right > left && bottom > top)) {
      ++people_outside_;
      return;
    }
    clipped_ += b.x < 0 || b.y < 0 || b.x + b.w > w || b.y + b.h > h;
    text += fmt::format("0 {} {} {} {}", rounded((left + right) / 2 / w),
                        rounded((top + bottom) / 2 / h), rounded((right - left) / w),
                        rounded((bottom - top) / h));
    for (int j = 0; j < joints_->size(); ++j) {
      const io::Keypoint k = person.keypoints.empty() ? io::Keypoint{} : person.keypoints[j];
      double v = person.visibility.empty() ? 2 : person.visibility[j];
      if (io::is_absent(k)) v = 0;
      const bool inside = k.x >= 0 && k.y >= 0 && k.x <= w && k.y <= h;
      if (v != 0 && !inside) {
        ++outside_;
        v = 0;
      }
      text += v == 0 ? " 0 0 0" : fmt::format(" {} {} {}", rounded(k.x / w), rounded(k.y / h), v);
    }
    text += '\n';
  }

  std::string data() const {
    std::vector<int> mirrored(joints_->size());
    std::iota(mirrored.begin(), mirrored.end(), 0);
    for (const auto& [a, b] : joints_->flip_pairs) mirrored[a] = b, mirrored[b] = a;
    std::vector<std::string> names;
    for (const std::string& name : joints_->joints) names.push_back(io::dump(Json(name)));
    std::string text = fmt::format(
        "train: images\nval: images\n\nkpt_shape: [{}, 3]\nflip_idx: [{}]\n\nnames:\n  0: person\n"
        "kpt_names:\n  0: [{}]\n",
        joints_->size(), fmt::join(mirrored, ", "), fmt::join(names, ", "));
    if (sizes_.size() == 1) {
      const auto& [w, h] = sizes_.begin()->first;
      return text + fmt::format("\nimage_size: [{}, {}]\n", w, h);
    }
    text += "\nimage_sizes:\n";
    for (const auto& [size, labels] : sizes_) {
      for (const std::string& label : labels) {
        text += fmt::format("  {}: [{}, {}]\n", io::dump(Json(label)), size.first, size.second);
      }
    }
    return text;
  }

  std::string folder_, labels_;
  bool force_;
  io::Header header_;
  std::optional<JointSet> joints_;
  VideoNames names_;
  std::string name_;  // of the video
  std::unordered_set<std::string> written_;
  std::map<Size, std::vector<std::string>> sizes_;  // the labels of each
  long clipped_ = 0, outside_ = 0, people_outside_ = 0;
};

}  // namespace

bool is_yolo(const std::string& folder) {
  std::error_code ignored;
  return fs::is_regular_file(fs::path(folder) / kData, ignored);
}

bool read_yolo(const std::vector<std::string>& paths, const ReadContext& context,
               RecordSink& sink) {
  for (const std::string& path : paths) {
    if (!is_yolo(path)) fail("{}: not a directory with {}", path, kData);
    Reader(path, context, sink).read();
  }
  return true;
}

std::unique_ptr<RecordSink> write_yolo(const std::string& path, bool force) {
  return std::make_unique<Writer>(path, force);
}

}  // namespace vremd::convert
