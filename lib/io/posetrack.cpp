// SPDX-License-Identifier: Apache-2.0
#include "io/posetrack.h"

#include "core/error.h"
#include "io/json_file.h"
#include "io/strict_json.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <deque>
#include <filesystem>
#include <limits>
#include <set>
#include <unordered_map>

namespace vremd {
namespace {

namespace fs = std::filesystem;
using namespace strict;

int picture_size(const Json& object, const char* key, const std::string& place) {
  const std::int64_t size = optional_integer(object, key, place).value_or(0);
  if (size < 0 || size > std::numeric_limits<int>::max()) fail("{}.{}: not a size", place, key);
  return static_cast<int>(size);
}

// ---- the parts of a file ----------------------------------------------------------------------

// ignore_regions_x and _y: one list of coordinates per polygon. The shorter one limits the number
// of regions, as in poseval.
std::vector<std::vector<Point>> ignore_regions(const Json& image, const std::string& place) {
  const Json* xs = find(image, "ignore_regions_x");
  const Json* ys = find(image, "ignore_regions_y");
  if (!xs || !ys) return {};
  if (!xs->is_array()) fail("{}.ignore_regions_x: not a list", place);
  if (!ys->is_array()) fail("{}.ignore_regions_y: not a list", place);
  std::vector<std::vector<Point>> regions(std::min(xs->size(), ys->size()));
  for (std::size_t i = 0; i < regions.size(); ++i) {
    const std::string here = fmt::format("{}.ignore_regions_x and _y[{}]", place, i);
    const Json &x = (*xs)[i], &y = (*ys)[i];
    if (!x.is_array() || !y.is_array() || x.size() != y.size()) {
      fail("{}: not two lists of equal length", here);
    }
    for (std::size_t k = 0; k < x.size(); ++k) {
      if (!x[k].is_number() || !y[k].is_number()) fail("{}: not numbers", here);
      regions[i].push_back({x[k].get<double>(), y[k].get<double>()});
    }
  }
  return regions;
}

struct Category {
  std::optional<std::int64_t> id;  // nothing: the file has no categories, everything is a person
  std::set<std::int64_t> others;
  JointSet joints;
};

Category person_category(const Json& json, const std::string& file) {
  Category person{{}, {}, joint_set("posetrack17")};
  if (!find(json, "categories")) return person;
  const Json& categories = require_list(json, "categories", file);
  for (std::size_t i = 0; i < categories.size(); ++i) {
    const std::string place = fmt::format("{}: categories[{}]", file, i);
    const Json& category = categories[i];
    if (!category.is_object()) fail("{}: not an object", place);
    const std::int64_t id = integer(require(category, "id", place), "id", place);
    if (person.id || text(category, "name", place) != "person") {
      person.others.insert(id);
      continue;
    }
    person.id = id;
    if (!find(category, "keypoints")) continue;
    std::vector<std::string> names;
    for (const Json& name : require_list(category, "keypoints", place)) {
      if (!name.is_string()) fail("{}.keypoints[{}]: not a text", place, names.size());
      names.push_back(name.get<std::string>());
      if (std::count(names.begin(), names.end(), names.back()) > 1) {
        fail("{}.keypoints: {} is there twice", place, excerpt(names.back()));
      }
    }
    if (!names.empty()) person.joints = joint_set_of(names);
  }
  if (!person.id && !categories.empty()) fail("{}: categories: no category \"person\"", file);
  return person;
}

// `xyv_count`: the numbers in keypoints. How many they must be is known with the categories.
AnnotatedPerson person_from_json(const Json& json, const std::string& place,
                                 std::size_t& xyv_count) {
  AnnotatedPerson person;
  person.place = place;
  person.id = optional_integer(json, "id", place);
  person.track = optional_integer(json, "track_id", place);
  person.box = box(json, "bbox", place);
  person.head_box = box(json, "bbox_head", place);
  person.box_score = optional_number(json, "bbox_score", place);
  person.area = optional_number(json, "area", place);
  person.crowd = flag(json, "iscrowd", false, place);
  const std::vector<double> xyv = numbers(json, "keypoints", place);
  xyv_count = xyv.size();
  person.joints.reserve(xyv.size() / 3);
  for (std::size_t i = 0; i + 2 < xyv.size(); i += 3) {
    person.joints.push_back({xyv[i], xyv[i + 1], xyv[i + 2]});
  }
  person.scores = numbers(json, "scores", place);
  static constexpr std::array known = {"id",       "image_id",  "track_id",      "category_id",
                                       "bbox",     "bbox_head", "bbox_score",    "area",
                                       "iscrowd",  "keypoints", "num_keypoints", "scores"};
  for (const auto& [key, value] : json.items()) {
    if (std::find(known.begin(), known.end(), key) == known.end()) person.extra[key] = value;
  }
  return person;
}

// ---- which video and which frame an image is --------------------------------------------------

std::string folder_of(const std::string& file_name) { return fs::path(file_name).parent_path(); }

struct Image {
  AnnotatedFrame frame;
  std::string video;
  std::optional<std::int64_t> frames_of_video;  // nframes
};

std::string video_id(const Json& image, const std::string& file_name, const std::string& place) {
  if (const Json* id = find(image, "vid_id")) {
    if (id->is_string()) return id->get<std::string>();
    return std::to_string(integer(*id, "vid_id", place));
  }
  const std::string folder = fs::path(folder_of(file_name)).filename();
  if (is_posetrack_folder(folder)) return folder;
  return has_picture_name(file_name) ? fs::path(file_name).stem().string() : file_name;
}

std::int64_t frame_index(const Json& image, const std::string& file_name,
                         const std::string& place) {
  const auto frame_id = optional_integer(image, "frame_id", place);
  if (frame_id && *frame_id < 0) fail("{}.frame_id: negative", place);
  if (frame_id && *frame_id < kFirstGlobalNumber) return *frame_id;
  if (!has_picture_name(file_name)) fail("{}: no frame_id", place);
  const bool still = !frame_id && !find(image, "vid_id") &&
                     !is_posetrack_folder(fs::path(folder_of(file_name)).filename());
  if (still) return 0;
  const auto number = posetrack_index(file_name);
  if (!number) fail("{}: neither frame_id nor file_name gives a frame number", place);
  return *number;
}

Image image_from_json(const Json& json, const std::string& place) {
  if (!json.is_object()) fail("{}: not an object", place);
  Image image;
  AnnotatedFrame& frame = image.frame;
  frame.image_id = integer(require(json, "id", place), "id", place);
  frame.file_name = text(json, "file_name", place);
  if (frame.file_name.empty()) fail("{}.file_name: empty", place);
  frame.index = frame_index(json, frame.file_name, place);
  frame.width = picture_size(json, "width", place);
  frame.height = picture_size(json, "height", place);
  frame.labelled = flag(json, "is_labeled", true, place);
  frame.says_labelled = find(json, "is_labeled");
  frame.ignore_regions = ignore_regions(json, place);
  image.video = video_id(json, frame.file_name, place);
  image.frames_of_video = optional_integer(json, "nframes", place);
  return image;
}

std::string join(const std::string& root, const std::string& name) {
  return root.empty() ? name : (fs::path(root) / name).string();  // an absolute name stays
}

// After all frames are there: their order, and where the video lies.
void finish_video(AnnotatedVideo& video, bool more_frames, const Annotations& all) {
  auto& frames = video.frames;
  const std::string place = fmt::format("{}: video {}", all.path, excerpt(video.id));
  std::stable_sort(frames.begin(), frames.end(),
                   [](const auto& a, const auto& b) { return a.index < b.index; });
  for (std::size_t i = 1; i < frames.size(); ++i) {
    if (frames[i].index == frames[i - 1].index) {
      fail("{}: images {} and {} are both frame {}", place, frames[i - 1].image_id,
           frames[i].image_id, frames[i].index);
    }
  }
  const AnnotatedFrame& first = frames.front();
  const bool one = frames.size() == 1 && first.index == 0 && !more_frames;
  if (!has_picture_name(first.file_name)) {
    video.source = VideoSource::kVideoFile;
  } else {
    video.source = one ? VideoSource::kStill : VideoSource::kFolder;
  }
  const bool folder = video.source == VideoSource::kFolder;
  for (const AnnotatedFrame& frame : frames) {
    const bool same = folder ? has_picture_name(frame.file_name) &&
                                   folder_of(frame.file_name) == folder_of(first.file_name)
                             : frame.file_name == first.file_name;
    if (!same) {
      fail("{}: {} and {} are not of one {}", place, excerpt(first.file_name, kPathExcerptBytes),
           excerpt(frame.file_name, kPathExcerptBytes), folder ? "folder" : "video file");
    }
  }
  video.path = join(all.root, folder ? folder_of(first.file_name) : first.file_name);
  if (video.path.empty()) video.path.push_back('.');  // pictures in the current folder
}

// Takes the items of a file's lists one by one, in any order of the lists: none of the JSON waits.
class Builder {
 public:
  Builder(const std::string& path, const std::string& root) {
    all_.path = path;
    all_.root = root;
  }

  void add_image(const Json& json, std::size_t index) {
    const std::string place = fmt::format("{}: images[{}]", all_.path, index);
    Image image = image_from_json(json, place);
    const auto [entry, is_new] = video_numbers_.try_emplace(image.video, all_.videos.size());
    if (is_new) {
      all_.videos.emplace_back().id = image.video;
      more_frames_.push_back(false);
    }
    const std::size_t v = entry->second;
    AnnotatedVideo& video = all_.videos[v];
    if (image.frames_of_video) video.nframes = image.frames_of_video;
    if (image.frames_of_video.value_or(1) > 1) more_frames_[v] = true;
    if (!spots_.try_emplace(image.frame.image_id, Spot{v, video.frames.size()}).second) {
      fail("{}.id: {} is there twice", place, image.frame.image_id);
    }
    video.frames.push_back(std::move(image.frame));
  }

  void add_annotation(const Json& json, std::size_t index) {
    const std::string place = fmt::format("{}: annotations[{}]", all_.path, index);
    if (!json.is_object()) fail("{}: not an object", place);
    Annotation& one = annotations_.emplace_back();
    one.category = optional_integer(json, "category_id", place);
    one.image = integer(require(json, "image_id", place), "image_id", place);
    one.person = person_from_json(json, place, one.xyv_count);
  }

  // `json`: the file, whose lists may be empty by now.
  Annotations finish(const Json& json) && {
    if (!json.is_object()) fail("{}: not an object with images and annotations", all_.path);
    require_list(json, "images", all_.path);
    require_list(json, "annotations", all_.path);
    const Category category = person_category(json, all_.path);
    all_.joints = category.joints;
    for (; !annotations_.empty(); annotations_.pop_front()) place(annotations_.front(), category);
    for (std::size_t v = 0; v < all_.videos.size(); ++v) {
      finish_video(all_.videos[v], more_frames_[v], all_);
    }
    return std::move(all_);
  }

 private:
  struct Spot {
    std::size_t video, frame;
  };
  struct Annotation {
    AnnotatedPerson person;
    std::int64_t image = 0;
    std::optional<std::int64_t> category;
    std::size_t xyv_count = 0;
  };

  void place(Annotation& one, const Category& category) {
    const AnnotatedPerson& person = one.person;
    if (category.id && one.category && *one.category != *category.id) {
      if (category.others.contains(*one.category)) return;  // not a person
      fail("{}.category_id: {} is not among the categories", person.place, *one.category);
    }
    const auto spot = spots_.find(one.image);
    if (spot == spots_.end()) {
      fail("{}.image_id: {} is not among the images", person.place, one.image);
    }
    const std::size_t count = category.joints.joints.size();
    if (one.xyv_count != 0 && one.xyv_count != 3 * count) {
      fail("{}.keypoints: {} numbers instead of {} (x, y, v of {} joints)", person.place,
           one.xyv_count, 3 * count, count);
    }
    if (!person.scores.empty() && person.scores.size() != count) {
      fail("{}.scores: {} numbers instead of {}", person.place, person.scores.size(), count);
    }
    all_.videos[spot->second.video].frames[spot->second.frame].persons.push_back(
        std::move(one.person));
  }

  Annotations all_;
  std::unordered_map<std::int64_t, Spot> spots_;  // of each image id
  std::unordered_map<std::string, std::size_t> video_numbers_;
  std::vector<bool> more_frames_;  // of each video: nframes > 1
  std::deque<Annotation> annotations_;
};

}  // namespace

bool has_picture_name(const std::string& file_name) {
  static const std::set<std::string> kExtensions = {".jpg", ".jpeg", ".png", ".bmp", ".webp",
                                                    ".tif", ".tiff", ".ppm", ".pgm", ".jp2"};
  std::string extension = fs::path(file_name).extension();
  for (char& c : extension) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return kExtensions.contains(extension);
}

bool is_posetrack_folder(const std::string& name) {
  const std::size_t digits = name.find_first_not_of("0123456789");
  if (digits == 0 || digits == std::string::npos) return false;
  const std::string rest = name.substr(digits);
  return rest.starts_with("_mpii") || rest.starts_with("_bonn");
}

std::optional<std::int64_t> number_in(const std::string& file_name) {
  const std::string stem = fs::path(file_name).stem();
  const std::size_t start = stem.find_last_not_of("0123456789") + 1;  // npos + 1 is 0
  std::int64_t number = 0;
  const auto [end, error] =
      std::from_chars(stem.data() + start, stem.data() + stem.size(), number);
  if (start == stem.size() || error != std::errc()) return std::nullopt;
  return number;
}

std::optional<std::int64_t> posetrack_index(const std::string& file_name) {
  constexpr std::size_t kDigitsOf17 = 8;
  const auto number = number_in(file_name);
  const std::string stem = fs::path(file_name).stem();
  const bool from_one =
      stem.size() == kDigitsOf17 && stem.find_first_not_of("0123456789") == stem.npos;
  return number && from_one && *number > 0 ? *number - 1 : number;
}

std::string AnnotatedVideo::picture(const AnnotatedFrame& frame) const {
  if (source == VideoSource::kStill) return path;
  return (fs::path(path) / fs::path(frame.file_name).filename()).string();
}

Annotations Annotations::read(const std::string& path, const std::string& root) {
  const bool own_folder = root.empty() && path != "-";
  return read_under(path, own_folder ? folder_of(path) : root);
}

Annotations Annotations::read_under(const std::string& path, const std::string& root) {
  Builder builder(name_of_input(path), root);
  const auto image = [&](const Json& item, std::size_t index, const Json&) {
    builder.add_image(item, index);
  };
  const auto annotation = [&](const Json& item, std::size_t index, const Json&) {
    builder.add_annotation(item, index);
  };
  const Json rest = read_json_file(path, {{"images", image}, {"annotations", annotation}});
  return std::move(builder).finish(rest);
}

Annotations Annotations::from_json(const Json& json, const std::string& path,
                                   const std::string& root) {
  Builder builder(path, root);
  const auto add_all = [&](const char* list, void (Builder::*add)(const Json&, std::size_t)) {
    const auto items = json.is_object() ? json.find(list) : json.end();
    if (items == json.end() || !items->is_array()) return;
    for (std::size_t i = 0; i < items->size(); ++i) (builder.*add)((*items)[i], i);
  };
  add_all("images", &Builder::add_image);
  add_all("annotations", &Builder::add_annotation);
  return std::move(builder).finish(json);
}

}  // namespace vremd
