// SPDX-License-Identifier: Apache-2.0
#include "annotation/annotations.h"

#include "annotation/annolist.h"
#include "annotation/coco.h"
#include "annotation/posetrack_names.h"
#include "core/error.h"
#include "core/picture_names.h"
#include "io/json_file.h"

#include <algorithm>
#include <compare>
#include <filesystem>
#include <map>
#include <set>
#include <unordered_map>

namespace vremd::annotation {
namespace {

namespace fs = std::filesystem;

std::string folder_of(const std::string& file_name) { return fs::path(file_name).parent_path(); }

// "." for pictures in the current folder.
std::string join(const std::string& root, const std::string& name) {
  const std::string path = root.empty() ? name : (fs::path(root) / name).string();
  return path.empty() ? "." : path;
}

// ---- PoseTrack17 ------------------------------------------------------------------------------

void read_annolist(const io::DomNode& annolist, Annotations& all) {
  all.form = AnnotationForm::kPoseTrack17;
  all.joints = joint_set("posetrack15");
  const AnnolistReader reader(ReadAs::kDataSet);
  AnnotatedVideo& video = all.videos.emplace_back();
  video.source = VideoSource::kFolder;
  std::string folder;
  for (const io::DomNode element : annolist.array()) {
    constexpr std::int64_t kNone = -1;
    const std::int64_t last = video.frames.empty() ? kNone : video.frames.back().index;
    AnnotatedFrame& frame = video.frames.emplace_back();
    frame.index = kNone;
    reader.read(element, frame);
    if (frame.index == kNone) frame.index = posetrack_index(frame.file_name).value_or(last + 1);
    if (video.frames.size() == 1) folder = folder_of(frame.file_name);
    if (folder_of(frame.file_name) != folder) {
      element.wrong(fmt::format("{} is not in the folder {}",
                                excerpt(frame.file_name, kPathExcerptBytes),
                                excerpt(folder, kPathExcerptBytes)));
    }
    if (frame.index <= last)
      element.wrong(fmt::format("frame {} after frame {}", frame.index, last));
  }
  if (video.frames.empty()) annolist.wrong("no frames");
  video.path = join(all.root, folder);
  video.id = fs::path(video.path).filename();
}

// ---- COCO's format ----------------------------------------------------------------------------

struct PersonCategory {
  std::optional<std::int64_t> id;  // empty: no categories, everything is a person
  std::set<std::int64_t> others;
};

PersonCategory read_categories(const io::DomNode& categories, const io::DomNode& annotations,
                               JointSet& joints) {
  PersonCategory person;
  const std::vector<CocoCategory> all = read_coco_categories(categories);
  if (all.empty()) return person;
  const CocoCategory* chosen = person_category(all, annotations);
  if (!chosen) categories.wrong("no category \"person\"");
  person.id = chosen->id;
  for (const CocoCategory& one : all) {
    if (one.id && one.id != chosen->id) person.others.insert(*one.id);
  }
  const std::vector<std::string>& names = chosen->joints;
  for (auto joint = names.begin(); joint != names.end(); ++joint) {
    if (std::find(names.begin(), joint, *joint) != joint) {
      fail("{}[{}].keypoints: duplicate joint {}", categories.place().text(), chosen - all.data(),
           excerpt(*joint));
    }
  }
  if (!names.empty()) joints = joint_set_of(names);
  return person;
}

// The joints of a file that does not name them.
JointSet unnamed_joints(std::size_t count, bool posetrack) {
  const std::string_view set = count == 17 && posetrack ? "posetrack17"
                               : count == 15            ? "posetrack15"
                                                        : customary_set(count);
  return joint_set(set.empty() ? "posetrack17" : set);
}

// The vid_id, or the path of PoseTrack's folder, the picture or the video file.
struct VideoKey {
  bool is_path = false;
  std::string text;

  auto operator<=>(const VideoKey&) const = default;
};

VideoKey video_key_of(const CocoImageEntry& image) {
  if (image.vid_id) return {false, *image.vid_id};
  const std::string& name = image.frame.file_name;
  const std::string folder = folder_of(name);
  return {true, is_posetrack_folder(fs::path(folder).filename()) ? folder : name};
}

// Short names of the videos without a vid_id, unless several would have the same.
void name_videos(const std::map<VideoKey, std::size_t>& keys, std::vector<AnnotatedVideo>& videos) {
  std::map<std::string, int> counts;
  const auto is_file = [](const VideoKey& key) {
    return !has_picture_name(key.text) && !is_posetrack_folder(fs::path(key.text).filename());
  };
  const auto id_of = [&](const VideoKey& key) {
    return key.is_path && !is_file(key) ? video_name(key.text) : key.text;
  };
  for (const auto& [key, video] : keys) ++counts[id_of(key)];
  for (const auto& [key, video] : keys) {
    const std::string id = id_of(key);
    videos[video].id = counts[id] > 1 ? key.text : id;
  }
}

std::int64_t frame_index(const CocoImageEntry& image, const io::DomNode& json) {
  const std::string& name = image.frame.file_name;
  const auto frame_id = image.frame_id;
  if (frame_id && *frame_id < 0) fail("{}.frame_id: negative", json.place().text());
  if (frame_id && *frame_id < kFirstGlobalNumber) return *frame_id;
  if (!has_picture_name(name)) json.wrong("no frame_id");
  const bool still =
      !frame_id && !image.vid_id && !is_posetrack_folder(fs::path(folder_of(name)).filename());
  if (still) return 0;
  const auto number = posetrack_index(name);
  if (!number) json.wrong("neither frame_id nor file_name gives a frame number");
  return *number;
}

// Sorts the frames and determines their source.
void finish_video(AnnotatedVideo& video, bool more_frames, const Annotations& all) {
  std::vector<AnnotatedFrame>& frames = video.frames;
  const std::string place =
      fmt::format("{}: video {}", all.path, excerpt(video.id, kPathExcerptBytes));
  std::stable_sort(frames.begin(), frames.end(),
                   [](const auto& a, const auto& b) { return a.index < b.index; });
  for (std::size_t i = 1; i < frames.size(); ++i) {
    if (frames[i].index == frames[i - 1].index) {
      fail("{}: images {} and {} are both frame {}", place, *frames[i - 1].image_id,
           *frames[i].image_id, frames[i].index);
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
      fail("{}: {} and {} are not {}", place, excerpt(first.file_name, kPathExcerptBytes),
           excerpt(frame.file_name, kPathExcerptBytes),
           folder ? "in the same folder" : "of the same video file");
    }
  }
  video.path = join(all.root, folder ? folder_of(first.file_name) : first.file_name);
}

void read_coco(const io::DomNode& images, const io::DomNode& annotations,
               const io::DomNode& categories, const ReadOptions& options, Annotations& all) {
  struct Spot {
    std::size_t video, frame;
  };
  std::unordered_map<std::int64_t, Spot> spots;  // by image id
  std::map<VideoKey, std::size_t> video_numbers;
  std::vector<bool> more_frames;  // of each video: nframes > 1
  if (options.people_required) annotations.required();
  all.has_people = static_cast<bool>(annotations);
  PersonCategory person;
  if (annotations) person = read_categories(categories, annotations, all.joints);
  const bool named = !all.joints.joints.empty();
  if (!named) all.joints = options.joints;
  bool posetrack = false;
  for (const io::DomNode json : images.array()) {
    CocoImageEntry image = read_coco_image(json);
    posetrack |= image.vid_id || image.frame_id;
    if (image.frame.file_name.empty()) {
      const io::DomNode name = json.field("file_name");
      name.required().wrong("empty");
    }
    image.frame.index = frame_index(image, json);
    const auto [entry, is_new] = video_numbers.try_emplace(video_key_of(image), all.videos.size());
    const std::size_t v = entry->second;
    if (is_new) {
      all.videos.emplace_back();
      more_frames.push_back(false);
    }
    AnnotatedVideo& video = all.videos[v];
    if (image.nframes) video.nframes = image.nframes;
    if (image.nframes.value_or(1) > 1) more_frames[v] = true;
    if (!spots.try_emplace(*image.frame.image_id, Spot{v, video.frames.size()}).second) {
      fail("{}.id: duplicate id {}", json.place().text(), *image.frame.image_id);
    }
    video.frames.push_back(std::move(image.frame));
  }
  name_videos(video_numbers, all.videos);
  for (const io::DomNode json : annotations.optional_array()) {
    CocoAnnotation one = read_coco_annotation(json, /*keep_other=*/true);
    if (person.id && one.category && *one.category != *person.id) {
      if (person.others.contains(*one.category)) continue;  // not a person
      fail("{}.category_id: {} is not among the categories", json.place().text(), *one.category);
    }
    const auto spot = spots.find(one.image);
    if (spot == spots.end()) {
      fail("{}.image_id: {} is not among the images", json.place().text(), one.image);
    }
    if ((one.numbers || one.scores) && all.joints.joints.empty()) {
      all.joints = unnamed_joints(std::max(one.numbers / 3, one.scores), posetrack);
    }
    check_counts(json, one, all.joints.joints.size());
    // Annotation tools write 0, 0, 0, 0 for people with keypoints only.
    if (one.person.box && !(one.person.box->w > 0 && one.person.box->h > 0)) {
      const auto labelled = [](const AnnotatedJoint& joint) { return joint.labelled; };
      if (const auto box = box_around(one.person.joints, labelled)) one.person.box = *box;
    }
    one.person.place = json.place().text();
    all.videos[spot->second.video].frames[spot->second.frame].persons.push_back(
        std::move(one.person));
  }
  if (all.joints.joints.empty()) all.joints = unnamed_joints(17, posetrack);
  for (std::size_t v = 0; v < all.videos.size(); ++v) {
    finish_video(all.videos[v], more_frames[v], all);
  }
}

Annotations read_document(const io::JsonDocument& document, std::string root,
                          const ReadOptions& options) {
  Annotations all;
  const io::DomNode json = document.root();
  all.path = json.place().text();
  all.root = std::move(root);
  if (!json.is_object()) json.wrong("not an object with images and annotations, or an annolist");
  const auto [annolist, images, annotations, categories] =
      json.fields({"annolist", "images", "annotations", "categories"});
  if (annolist) {
    read_annolist(annolist, all);
  } else {
    read_coco(images, annotations, categories, options, all);
  }
  return all;
}

}  // namespace

const AnnotatedJoint* AnnotatedPerson::find(int index) const {
  const auto found = std::find_if(joints.begin(), joints.end(), [&](const AnnotatedJoint& joint) {
    return joint.index == index;
  });
  return found == joints.end() ? nullptr : &*found;
}

std::string AnnotatedVideo::picture(const AnnotatedFrame& frame) const {
  if (source == VideoSource::kStill) return path;
  return (fs::path(path) / fs::path(frame.file_name).filename()).string();
}

Annotations Annotations::read(const std::string& path, const std::string& root) {
  const bool own_folder = root.empty() && path != "-";
  return read_under(path, own_folder ? folder_of(path) : root, {});
}

Annotations Annotations::read_under(const std::string& path, const std::string& root,
                                    const ReadOptions& options) {
  return read_document(io::JsonDocument::read(path), root, options);
}

Annotations Annotations::parse(std::string text, const std::string& path, const std::string& root) {
  return read_document({std::move(text), path}, root, {});
}

std::vector<Annotations> read_annotations(const std::string& path, const std::string& root) {
  std::error_code error;
  std::vector<std::string> files{path};
  if (fs::is_directory(path, error)) files = io::files_in(path, ".json");
  if (files.empty()) fail("{}: no JSON files in this directory", path);
  std::vector<Annotations> all;
  for (const std::string& file : files) all.push_back(Annotations::read(file, root));
  return all;
}

}  // namespace vremd::annotation
