// SPDX-License-Identifier: Apache-2.0
#include "data/train_set.h"

#include "core/error.h"
#include "core/log.h"
#include "core/picture_names.h"
#include "core/text.h"
#include "io/json_file.h"
#include "io/json_node.h"
#include "video/reader.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numeric>
#include <set>

namespace vremd::data {
namespace {

namespace fs = std::filesystem;

// METHOD 1.1: the box clipped to the picture, as in DCPose; nullopt if empty.
std::optional<Box> inside(const Box& box, const annotation::AnnotatedFrame& frame) {
  if (!(box.area() > 0)) return std::nullopt;
  if (frame.width <= 0 || frame.height <= 0) return box;
  const double x1 = std::max(0.0, box.x), y1 = std::max(0.0, box.y);
  const double x2 = std::min(frame.width - 1.0, x1 + std::max(0.0, box.w - 1));
  const double y2 = std::min(frame.height - 1.0, y1 + std::max(0.0, box.h - 1));
  if (!(x2 > x1) || !(y2 > y1)) return std::nullopt;
  return Box{x1, y1, x2 - x1, y2 - y1};
}

// METHOD 1.1 needs picture sizes, which PoseTrack's files lack: uses that of the first frame with
// people for the whole video. Unreadable files are reported when they are loaded.
void find_size(annotation::AnnotatedVideo& video) {
  const auto first = std::find_if(video.frames.begin(), video.frames.end(), [](const auto& frame) {
    return frame.width == 0 && !frame.persons.empty();
  });
  if (first == video.frames.end()) return;
  try {
    const auto set = [&](int width, int height) {
      for (annotation::AnnotatedFrame& frame : video.frames) {
        if (frame.width == 0) frame.width = width, frame.height = height;
      }
    };
    if (video.source == annotation::VideoSource::kVideoFile) {
      const video::VideoReader reader(video.path);
      set(reader.info().width, reader.info().height);
    } else {
      const FramePtr picture = video::read_picture(video.picture(*first));
      set(picture->width, picture->height);
    }
  } catch (const Error&) {
  }
}

// File name with its number increased by `by`, keeping the digits; nullopt without a number.
std::optional<std::string> numbered_on(const std::string& file_name, std::int64_t by) {
  const std::string stem = fs::path(file_name).stem();
  const std::size_t start = stem.find_last_not_of("0123456789") + 1;  // npos + 1 is 0
  const auto number = number_in(file_name);
  if (!number || *number + by < 0) return std::nullopt;
  return fmt::format("{}{:0{}}{}", stem.substr(0, start), *number + by, stem.size() - start,
                     fs::path(file_name).extension().string());
}

// ---- labels -------------------------------------------------------------------------------------

double torso(const std::vector<JointLabel>& joints, const JointSet& set) {
  double longest = 0;
  for (const auto& [a, b] :
       {std::pair{"left_shoulder", "right_hip"}, std::pair{"right_shoulder", "left_hip"}}) {
    const int i = set.index(a), j = set.index(b);
    if (i < 0 || j < 0 || joints[i].weight <= 0 || joints[j].weight <= 0) continue;
    longest = std::max(longest, std::hypot(joints[i].x - joints[j].x, joints[i].y - joints[j].y));
  }
  return longest;
}

bool is_suspect(const annotation::AnnotatedPerson& person) {
  const auto suspect = person.other.find("suspect_lr");
  return suspect != person.other.end() && *suspect == true;
}

double flip_distance(const annotation::AnnotatedPerson& person, int joint) {
  const auto list = person.other.find("flip_dist");
  const auto index = static_cast<std::size_t>(joint);
  if (list == person.other.end() || !list->is_array() || index >= list->size() ||
      !(*list)[index].is_number()) {
    return 0;
  }
  return (*list)[index].get<double>();
}

// Reads TrainDataConfig::pseudo_labels ("": none). Non-numeric keys are ignored as comments. Error:
// invalid file.
PseudoLabels read_pseudo_labels(const std::string& path) {
  PseudoLabels result;
  if (path.empty()) return result;
  const Json json = io::read_json_file(path);
  const io::JsonNode root(&json, {path});
  root.for_each_member([&](std::string_view key, const io::JsonNode& points) {
    const auto id = number_from<std::int64_t>(key);
    if (!id || !points.is_array()) return;
    std::vector<JointLabel>& one = result[*id];
    for (const io::JsonNode point : points.array()) {
      const auto xys = point.numbers<3>();
      if (!xys) point.wrong("not an array of 3 numbers");
      one.push_back({(*xys)[0], (*xys)[1], (*xys)[2]});
    }
  });
  return result;
}

// Labels of one person, `count` in the order of the file's joints.
std::vector<JointLabel> labels_of(const annotation::AnnotatedPerson& person,
                                  const TrainDataConfig& config, std::size_t count) {
  std::vector<JointLabel> labels(count);
  for (const annotation::AnnotatedJoint& joint : person.joints) {
    if (!joint.labelled) continue;
    const double score = joint.has_score() ? joint.score : 1;
    if (score < config.min_score || flip_distance(person, joint.index) > config.max_flip_distance) {
      continue;
    }
    labels[static_cast<std::size_t>(joint.index)] = {
        joint.x, joint.y, config.weigh_by_score ? std::clamp(score, 0.0, 1.0) : 1};
  }
  return labels;
}

// Drops labels contradicted by a confident pseudo-label and adds pseudo-labels of joints that the
// data set never labels.
void correct_labels(const std::vector<JointLabel>& pseudo, const TrainDataConfig& config,
                    const JointSet& set, const std::vector<bool>& labelled_in_set,
                    std::vector<JointLabel>& labels) {
  const double size = torso(labels, set);
  for (std::size_t j = 0; j < labels.size() && j < pseudo.size(); ++j) {
    const JointLabel& other = pseudo[j];
    if (labels[j].weight > 0) {
      const double apart = std::hypot(labels[j].x - other.x, labels[j].y - other.y);
      if (size > 0 && other.weight > config.pseudo_veto_score &&
          apart > config.pseudo_veto_distance * size) {
        labels[j].weight = 0;
      }
    } else if (!labelled_in_set[j] && other.weight >= config.pseudo_add_score) {
      labels[j] = {other.x, other.y, 1};
    }
  }
}

// Joints labelled on at least one person of the file.
std::vector<bool> labelled_joints(const annotation::Annotations& annotations) {
  std::vector<bool> labelled(annotations.joints.joints.size(), false);
  for (const annotation::AnnotatedVideo& video : annotations.videos) {
    for (const annotation::AnnotatedFrame& frame : video.frames) {
      for (const annotation::AnnotatedPerson& person : frame.persons) {
        for (const annotation::AnnotatedJoint& joint : person.joints) {
          if (joint.labelled) labelled[static_cast<std::size_t>(joint.index)] = true;
        }
      }
    }
  }
  return labelled;
}

// Drops labels outside the picture; returns their number.
int drop_outside(std::vector<JointLabel>& labels, const annotation::AnnotatedFrame& frame) {
  if (frame.width <= 0 || frame.height <= 0) return 0;
  int count = 0;
  for (JointLabel& label : labels) {
    if (label.weight <= 0) continue;
    const bool inside =
        label.x >= -0.5 && label.y >= -0.5 && label.x < frame.width && label.y < frame.height;
    if (!inside) label.weight = 0;
    count += !inside;
  }
  return count;
}

}  // namespace

TrainSet::TrainSet(const std::vector<TrainDataConfig>& configs, const JointSet& joints,
                   bool neighbours, double frame_mebibytes)
    : joints_(joints),
      trained_(joints.joints.size(), false),
      neighbours_(neighbours),
      store_(frame_mebibytes) {
  for (const TrainDataConfig& config : configs) add(config);
  if (configs.empty()) fail("no data to train on (data, or --dataset with --root)");
  if (samples_.empty()) {
    fail("{}: no person with a labelled joint",
         configs.front().annotations.empty() ? configs.front().root : configs.front().annotations);
  }
  for (const Count& count : counts_) {
    for (std::size_t j = 0; j < trained_.size(); ++j) {
      sets_differ_ |= count.samples > 0 && trained_[j] != (count.labels[j] > 0);
    }
  }
}

std::vector<std::string> dataset_names() {
  return {"posetrack17", "posetrack18", "posetrack21", "coco"};
}

DatasetFiles dataset_files(const std::string& name, const std::string& root,
                           const std::string& split) {
  std::vector<DatasetFiles> places;  // the first existing one is used
  const fs::path base = root;
  if (name == "posetrack17" || name == "posetrack18" || name == "posetrack21") {
    for (const char* folder : {"annotations", "posetrack_data/annotations", "posetrack_data"}) {
      places.push_back({base / folder / split, root});
    }
    const fs::path inner = base / "data";  // PoseTrack21 as its own script stores it
    places.push_back({inner / "posetrack_data" / split, inner});
  } else if (name == "coco") {
    for (const char* pictures : {"", "images"}) {
      const std::string folder = base / pictures / (split + "2017");
      if (fs::is_directory(folder)) {
        const std::string file = "person_keypoints_" + split + "2017.json";
        places.push_back({base / "annotations" / file, folder});
      }
    }
    if (places.empty()) fail("{}: no directory {}2017 with the pictures of COCO", root, split);
  } else {
    fail("dataset '{}': not one of: {}", name, fmt::join(dataset_names(), " "));
  }
  for (const DatasetFiles& one : places) {
    if (fs::exists(one.annotations)) return one;
  }
  fail("{}: no annotations of {}; looked for {}", root, name, places.front().annotations);
}

void TrainSet::add(const TrainDataConfig& given) {
  TrainDataConfig config = given;
  if (!config.dataset.empty()) {
    const DatasetFiles files = dataset_files(config.dataset, config.root, "train");
    config.annotations = files.annotations;
    config.root = files.root;
  }
  const PseudoLabels pseudo_labels = read_pseudo_labels(config.pseudo_labels);
  Count count;
  count.annotations = config.annotations;
  count.repeat = config.repeat;
  count.first = static_cast<int>(samples_.size());
  count.labels.assign(joints_.joints.size(), 0);
  for (annotation::Annotations& annotations :
       annotation::read_annotations(config.annotations, config.root)) {
    add(annotations, config, pseudo_labels, count);
  }
  count.samples = static_cast<int>(samples_.size()) - count.first;
  log_info("{}: {} persons in {} videos and stills{}", config.annotations, count.samples,
           count.videos,
           count.suspect_lr ? fmt::format(", {} marked suspect_lr skipped", count.suspect_lr) : "");
  if (count.labels_outside > 0) {
    log_warning("{}: {} labels outside the picture skipped", config.annotations,
                count.labels_outside);
  }
  counts_.push_back(std::move(count));
}

void TrainSet::add(annotation::Annotations& annotations, const TrainDataConfig& config,
                   const PseudoLabels& pseudo_labels, Count& count) {
  const JointSet& set = annotations.joints;
  const std::vector<bool> labelled = labelled_joints(annotations);
  std::vector<int> from(joints_.joints.size());  // the file's index of each of our joints
  for (std::size_t j = 0; j < from.size(); ++j) from[j] = set.index(joints_.joints[j]);
  if (std::all_of(from.begin(), from.end(), [](int j) { return j < 0; })) {
    fail("{}: none of its joints is among the model's", annotations.path);
  }

  for (annotation::AnnotatedVideo& video : annotations.videos) {
    const int v = static_cast<int>(videos_.size());
    const bool is_file = video.source == annotation::VideoSource::kVideoFile;
    if (config.sanitise_boxes) find_size(video);
    for (int f = 0; f < static_cast<int>(video.frames.size()); ++f) {
      const annotation::AnnotatedFrame& frame = video.frames[f];
      if (frame.persons.empty() || count.key_frames++ % config.every != 0) continue;
      for (int p = 0; p < static_cast<int>(frame.persons.size()); ++p) {
        const annotation::AnnotatedPerson& person = frame.persons[p];
        if (person.crowd) continue;
        const auto box = !person.box             ? std::nullopt
                         : config.sanitise_boxes ? inside(*person.box, frame)
                                                 : person.box;
        if (!box || !(box->area() > 0)) {
          ++count.outside;
          continue;
        }
        if (config.skip_suspect_lr && is_suspect(person)) {
          ++count.suspect_lr;
          continue;
        }
        std::vector<JointLabel> labels = labels_of(person, config, set.joints.size());
        if (const auto other = pseudo_labels.find(person.id.value_or(-1));
            other != pseudo_labels.end()) {
          correct_labels(other->second, config, set, labelled, labels);
        }
        count.labels_outside += drop_outside(labels, frame);
        TrainSample sample{v, f, p, *box, std::vector<JointLabel>(from.size())};
        bool any = false;
        for (std::size_t j = 0; j < from.size(); ++j) {
          if (from[j] < 0) continue;
          sample.joints[j] = labels[from[j]];
          if (sample.joints[j].weight <= 0) continue;
          any = trained_[j] = true;
          ++count.labels[j];
        }
        if (any) {
          samples_.push_back(std::move(sample));
          const int reach = neighbours_ ? config.stride : 0;
          for (int offset = -reach; is_file && offset <= reach; ++offset) {
            store_.will_need(video.path, frame.index + offset);
          }
        }
        count.unlabelled += !any;
      }
    }
    ++count.videos;
    videos_.push_back(std::move(video));
    file_joints_.push_back(set);
    may_miss_.push_back(config.missing == MissingNeighbour::kKeyFrame);
    stride_.push_back(config.stride);
  }
}

std::vector<int> TrainSet::order(std::uint64_t seed, std::uint64_t epoch) const {
  Random random = random_for(seed, epoch, ~std::uint64_t{0});
  std::vector<int> result;
  for (const Count& part : counts_) {
    std::vector<int> all(part.samples);
    std::iota(all.begin(), all.end(), part.first);
    shuffle(all, random);
    const auto wanted = static_cast<std::size_t>(std::llround(part.repeat * part.samples));
    for (std::size_t i = 0; i < wanted; ++i) result.push_back(all[i % all.size()]);
  }
  shuffle(result, random);
  return result;
}

FramePtr TrainSet::load(const annotation::AnnotatedVideo& video, int frame) {
  const annotation::AnnotatedFrame& annotated = video.frames[frame];
  if (video.source == annotation::VideoSource::kVideoFile) {
    FramePtr found = store_.video_frame(video.path, annotated.index);
    if (!found) {
      fail("{}: no frame {}: the video has {}", video.path, annotated.index,
           store_.video_length(video.path));
    }
    return found;
  }
  return store_.picture(video.picture(annotated));
}

TrainSet::NeighbourPicture TrainSet::neighbour_picture(int v, int frame, int offset) const {
  const annotation::AnnotatedVideo& video = videos_[v];
  const annotation::AnnotatedFrame& key = video.frames[frame];
  const int f = frame + offset;
  const bool inside = f >= 0 && f < static_cast<int>(video.frames.size());
  NeighbourPicture result;
  if (inside && video.frames[f].index == key.index + offset) {
    result.path = video.picture(video.frames[f]);
  } else if (const auto name = numbered_on(key.file_name, offset)) {
    result.path = fs::path(video.path) / *name;
  }
  if (result.path.empty()) {
    const bool named = number_in(key.file_name).has_value();  // else: before 000000.jpg
    if (inside && !named) {
      result.missing = video.picture(key) + ": no number that names its neighbours";
    }
  } else if (!fs::exists(result.path)) {
    if (inside) result.missing = result.path + ": no such file";
    result.path.clear();
  }
  return result;
}

std::optional<FramePtr> TrainSet::neighbour(int v, int frame, int offset) {
  const annotation::AnnotatedVideo& video = videos_[v];
  if (video.source == annotation::VideoSource::kVideoFile) {
    FramePtr found = store_.video_frame(video.path, video.frames[frame].index + offset);
    if (!found) return std::nullopt;
    return found->missing ? nullptr : std::move(found);
  }
  const NeighbourPicture picture = neighbour_picture(v, frame, offset);
  std::string problem = picture.missing;
  if (problem.empty()) {
    if (picture.path.empty()) return std::nullopt;
    try {
      return store_.picture(picture.path);
    } catch (const video::BadPicture& error) {
      problem = error.what();
    }
  }
  if (may_miss_[v]) return nullptr;
  fail(
      "{}, a neighbour of frame {} (data[].missing or validate_missing \"key\" takes the frame "
      "itself)",
      problem, video.frames[frame].index);
}

FramePtr TrainSet::key_frame(const TrainSample& sample) {
  FramePtr key = load(videos_[sample.video], sample.frame);
  if (key->missing) fail("{}: the frame cannot be decoded", place(sample));
  return key;
}

TrainSet::Frames TrainSet::frames(const TrainSample& sample) {
  const FramePtr key = key_frame(sample);
  Frames result{{key, key, key}};
  if (!neighbours_ || is_still(sample)) return result;
  for (const int side : {-1, 1}) {
    std::optional<FramePtr> other;
    for (int distance = stride_[sample.video]; !other && distance > 0; --distance) {
      other = neighbour(sample.video, sample.frame, side * distance);
    }
    if (!other) continue;
    if (*other && (*other)->width == key->width && (*other)->height == key->height) {
      result.frames[1 + side] = *other;
    } else {
      ++result.substituted;
    }
  }
  return result;
}

TrainSet::MissingFiles TrainSet::missing_files(std::size_t most) const {
  std::vector<int> all(samples_.size());
  std::iota(all.begin(), all.end(), 0);
  return missing_files(most, all);
}

TrainSet::MissingFiles TrainSet::missing_files(std::size_t most,
                                               std::span<const int> samples) const {
  MissingFiles missing;
  std::set<std::string> seen;
  const auto add = [&](const std::string& line) {
    if (missing.lines.size() < most && seen.insert(line).second) missing.lines.push_back(line);
  };
  for (const int index : samples) {
    const TrainSample& sample = samples_[index];
    const annotation::AnnotatedVideo& video = videos_[sample.video];
    const bool is_file = video.source == annotation::VideoSource::kVideoFile;
    const std::string key = is_file ? video.path : video.picture(video.frames[sample.frame]);
    if (missing.lines.size() < most && !fs::exists(key)) add(key + ": no such file");
    if (is_file || !neighbours_ || is_still(sample)) continue;
    for (const int side : {-1, 1}) {
      const auto picture =
          neighbour_picture(sample.video, sample.frame, side * stride_[sample.video]);
      if (picture.missing.empty()) continue;
      if (may_miss_[sample.video]) {
        ++missing.substituted;
      } else {
        add(picture.missing);
      }
    }
  }
  return missing;
}

bool TrainSet::annotated(int sample, int joint) const {
  const auto part = std::ranges::find_if(
      counts_, [&](const Count& one) { return sample < one.first + one.samples; });
  return part->labels[joint] > 0;
}

std::string TrainSet::place(const TrainSample& sample) const {
  const annotation::AnnotatedVideo& video = videos_[sample.video];
  return fmt::format("{}: frame {}", video.path, video.frames[sample.frame].index);
}

}  // namespace vremd::data
