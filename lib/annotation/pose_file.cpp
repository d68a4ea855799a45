// SPDX-License-Identifier: Apache-2.0
#include "annotation/pose_file.h"

#include "annotation/annolist.h"
#include "annotation/coco.h"
#include "annotation/posetrack_names.h"
#include "core/error.h"
#include "core/picture_names.h"
#include "io/json_file.h"

#include <algorithm>
#include <unordered_map>

namespace vremd::annotation {
namespace {

void read_annolist(const io::DomNode& annolist, PoseFile& file) {
  const AnnolistReader reader(ReadAs::kPoseval);
  for (const io::DomNode element : annolist.array()) {
    const std::size_t place = file.frames.size();
    AnnotatedFrame& frame = file.frames.emplace_back();
    frame.index = static_cast<std::int64_t>(place);
    reader.read(element, frame);
  }
}

struct Person {
  std::optional<std::int64_t> category;  // nothing: all
  std::vector<int> slots;                // the joint of each slot of `keypoints`, or -1
};

Person person_of(const io::DomNode& categories, const io::DomNode& annotations) {
  if (!categories) return {std::nullopt, pose_joints(joint_set("posetrack17").joints)};
  const std::vector<CocoCategory> all = read_coco_categories(categories);
  const CocoCategory* chosen = person_category(all, annotations);
  if (!chosen) categories.wrong("no category \"person\"");
  Person person{all.size() > 1 ? chosen->id : std::nullopt, pose_joints(chosen->joints)};
  const auto wrong = [&](const std::string& what) {
    fail("{}[{}].keypoints: {}", categories.place().text(), chosen - all.data(), what);
  };
  if (person.slots.size() != 15 && person.slots.size() != 17) wrong("neither 15 nor 17 names");
  for (int joint = 0; joint < kPoseJoints; ++joint) {
    const auto count = std::count(person.slots.begin(), person.slots.end(), joint);
    if (count != 1) {
      wrong(fmt::format("{} joint {}", count ? "duplicate" : "no", kPoseJointNames[joint]));
    }
  }
  return person;
}

void read_coco(const io::DomNode& images, const io::DomNode& annotations,
               const io::DomNode& categories, PoseFile& file) {
  file.form = AnnotationForm::kCoco;
  const Person person = person_of(categories, annotations);
  std::vector<AnnotatedFrame>& frames = file.frames;
  std::unordered_map<std::int64_t, std::size_t> places;  // by image id
  for (const io::DomNode json : images.array()) {
    CocoImageEntry image = read_coco_image(json);
    const std::size_t place = frames.size();
    if (place == 0) file.vid_id = image.vid_id.value_or("");
    if (!places.emplace(*image.frame.image_id, place).second) {
      fail("{}.id: duplicate id {}", json.place().text(), *image.frame.image_id);
    }
    const std::int64_t id = image.frame_id.value_or(-1);
    image.frame.index =
        id >= 0 && id < kFirstGlobalNumber
            ? id
            : number_in(image.frame.file_name).value_or(static_cast<std::int64_t>(place));
    frames.push_back(std::move(image.frame));
  }
  for (const io::DomNode json : annotations.array()) {
    CocoAnnotation one = read_coco_annotation(json, /*keep_other=*/false);
    if (person.category && one.category && *one.category != *person.category) continue;
    if (!one.person.has_joints) json.wrong("no keypoints");
    check_counts(json, one, person.slots.size());
    const auto place = places.find(one.image);
    if (place == places.end()) {
      fail("{}.image_id: {} is not among the images", json.place().text(), one.image);
    }
    renumber(one.person, person.slots);
    AnnotatedFrame& frame = frames[place->second];
    frame.integer_keypoints &= one.integers;
    frame.persons.push_back(std::move(one.person));
  }
}

}  // namespace

std::string PoseFile::place(std::size_t frame) const {
  const std::string& name = frames[frame].file_name;
  if (name.empty()) return fmt::format("{}: frame {}", path, frame);
  return fmt::format("{}: frame {} ({})", path, frame, excerpt(name, kPathExcerptBytes));
}

PoseFile read_pose_file(const std::string& path) {
  return parse_pose_file(io::read_text_file(path), io::name_of_input(path));
}

PoseFile parse_pose_file(std::string text, const std::string& path) {
  const io::JsonDocument document(std::move(text), path);
  const io::DomNode json = document.root();
  PoseFile file;
  file.path = path;
  if (json.is_array()) {
    json.wrong(
        "a list of results, not PoseTrack's form; vremd-convert --to posetrack18 --images TRUTH");
  }
  const auto [annolist, images, annotations, categories] =
      json.fields({"annolist", "images", "annotations", "categories"});
  if (!annolist && !images) json.wrong("neither annolist nor images");
  if (annolist) {
    read_annolist(annolist, file);
  } else {
    read_coco(images, annotations, categories, file);
  }
  return file;
}

std::vector<int> pose_joints(const std::vector<std::string>& joints) {
  std::vector<int> numbers;
  for (const std::string& name : joints) numbers.push_back(pose_joint(name));
  return numbers;
}

void renumber(AnnotatedPerson& person, const std::vector<int>& numbers) {
  std::erase_if(person.joints, [&](AnnotatedJoint& joint) {
    if (joint.index < 0) return false;
    joint.index = numbers[static_cast<std::size_t>(joint.index)];
    return joint.index < 0;
  });
}

}  // namespace vremd::annotation
