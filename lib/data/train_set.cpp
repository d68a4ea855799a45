// SPDX-License-Identifier: Apache-2.0
#include "data/train_set.h"

#include "core/error.h"
#include "core/log.h"
#include "data/annotation_files.h"
#include "video/reader.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <set>

namespace vremd {
namespace {

namespace fs = std::filesystem;

// Another model's joints of a person, in the order of the annotation file; weight = score.
using Opinion = std::vector<JointLabel>;

std::map<std::int64_t, Opinion> read_opinions(const std::string& path) {
  std::map<std::int64_t, Opinion> result;
  if (path.empty()) return result;
  std::ifstream in(path);
  if (!in) fail("{}: cannot open", path);
  const Json json = Json::parse(in, nullptr, false);
  if (!json.is_object()) fail("{}: not a JSON object", path);
  for (const auto& [key, points] : json.items()) {
    char* end = nullptr;
    const auto id = std::strtoll(key.c_str(), &end, 10);
    if (*end || !points.is_array()) continue;  // remarks beside the persons
    Opinion& one = result[id];
    for (const Json& p : points) {
      if (!p.is_array() || p.size() != 3 || !p[0].is_number() || !p[1].is_number() ||
          !p[2].is_number()) {
        fail("{}: {}: not a list of [x, y, score]", path, key);
      }
      one.push_back({p[0].get<double>(), p[1].get<double>(), p[2].get<double>()});
    }
  }
  return result;
}

double torso(const std::vector<JointLabel>& joints, const JointSet& set) {
  double longest = 0;
  for (const auto& [a, b] : {std::pair{"left_shoulder", "right_hip"},
                             std::pair{"right_shoulder", "left_hip"}}) {
    const int i = set.index(a), j = set.index(b);
    if (i < 0 || j < 0 || joints[i].weight <= 0 || joints[j].weight <= 0) continue;
    longest = std::max(longest, std::hypot(joints[i].x - joints[j].x, joints[i].y - joints[j].y));
  }
  return longest;
}

double number_at(const Json& extra, const char* key, std::size_t index, double absent) {
  const auto list = extra.find(key);
  if (list == extra.end() || !list->is_array() || index >= list->size() ||
      !(*list)[index].is_number()) {
    return absent;
  }
  return (*list)[index].get<double>();
}

// The file's labels of one person, in the order of the file's joints.
std::vector<JointLabel> labels_of(const AnnotatedPerson& person, const TrainDataConfig& config,
                                  std::size_t count) {
  std::vector<JointLabel> labels(count);
  for (std::size_t j = 0; j < person.joints.size(); ++j) {
    const AnnotatedJoint& joint = person.joints[j];
    if (!joint.labelled()) continue;
    const double score = person.scores.empty() ? 1 : person.scores[j];
    if (score < config.min_score ||
        number_at(person.extra, "flip_dist", j, 0) > config.max_flip_distance) {
      continue;
    }
    labels[j] = {joint.x, joint.y, config.weigh_by_score ? std::clamp(score, 0.0, 1.0) : 1};
  }
  return labels;
}

void listen(const Opinion& opinion, const TrainDataConfig& config, const JointSet& set,
            const std::vector<bool>& labelled_in_set, std::vector<JointLabel>& labels) {
  const double size = torso(labels, set);
  for (std::size_t j = 0; j < labels.size() && j < opinion.size(); ++j) {
    const JointLabel& other = opinion[j];
    if (labels[j].weight > 0) {
      const double apart = std::hypot(labels[j].x - other.x, labels[j].y - other.y);
      if (size > 0 && other.weight > config.sure && apart > config.disagreement * size) {
        labels[j].weight = 0;
      }
    } else if (!labelled_in_set[j] && other.weight >= config.adopt) {
      labels[j] = {other.x, other.y, 1};
    }
  }
}

// Joints that the file labels on anybody.
std::vector<bool> labelled_joints(const Annotations& annotations) {
  std::vector<bool> labelled(annotations.joints.joints.size(), false);
  for (const AnnotatedVideo& video : annotations.videos) {
    for (const AnnotatedFrame& frame : video.frames) {
      for (const AnnotatedPerson& person : frame.persons) {
        for (std::size_t j = 0; j < person.joints.size(); ++j) {
          if (person.joints[j].labelled()) labelled[j] = true;
        }
      }
    }
  }
  return labelled;
}

// METHOD 1.1: the part of a box that lies in the picture, in the form of DCPose. Nothing: none.
std::optional<Box> inside(const Box& box, const AnnotatedFrame& frame) {
  if (!(box.area() > 0)) return std::nullopt;
  if (frame.width <= 0 || frame.height <= 0) return box;
  const double x1 = std::max(0.0, box.x), y1 = std::max(0.0, box.y);
  const double x2 = std::min(frame.width - 1.0, x1 + std::max(0.0, box.w - 1));
  const double y2 = std::min(frame.height - 1.0, y1 + std::max(0.0, box.h - 1));
  if (!(x2 > x1) || !(y2 > y1)) return std::nullopt;
  return Box{x1, y1, x2 - x1, y2 - y1};
}

// Labels that are not in the picture are none; gives their number.
int leave_out_outside(std::vector<JointLabel>& labels, const AnnotatedFrame& frame) {
  if (frame.width <= 0 || frame.height <= 0) return 0;
  int count = 0;
  for (JointLabel& label : labels) {
    if (label.weight <= 0) continue;
    const bool inside = label.x >= -0.5 && label.y >= -0.5 && label.x < frame.width &&
                        label.y < frame.height;
    if (!inside) label.weight = 0;
    count += !inside;
  }
  return count;
}

// The name of the picture `by` numbers on, with as many digits; nothing where there is no number.
std::optional<std::string> numbered_on(const std::string& file_name, std::int64_t by) {
  const std::string stem = fs::path(file_name).stem();
  const std::size_t start = stem.find_last_not_of("0123456789") + 1;  // npos + 1 is 0
  const auto number = number_in(file_name);
  if (!number || *number + by < 0) return std::nullopt;
  return fmt::format("{}{:0{}}{}", stem.substr(0, start), *number + by, stem.size() - start,
                     fs::path(file_name).extension().string());
}

}  // namespace

std::shared_ptr<FrameStore::Entry> FrameStore::entry(const std::string& path) {
  const std::lock_guard lock(mutex_);
  auto& slot = entries_[path];
  if (slot) {
    uses_.splice(uses_.begin(), uses_, slot->use);
  } else {
    slot = std::make_shared<Entry>();
    slot->use = uses_.insert(uses_.begin(), path);
  }
  return slot;
}

void FrameStore::count(const std::string& path, Entry& entry) {
  double bytes = 0;
  for (const FramePtr& frame : entry.frames) bytes += static_cast<double>(frame->rgb.size());
  if (bytes > most_bytes_) {
    log_warning("{}: {:.0f} MiB of decoded frames, more than train.frame_mib: cut long videos into "
                "clips", path, bytes / (1 << 20));
  }
  const std::lock_guard lock(mutex_);
  entry.bytes = bytes;
  const auto own = entries_.find(path);
  if (own == entries_.end() || own->second.get() != &entry) return;  // thrown out meanwhile
  bytes_ += entry.bytes;
  while (bytes_ > most_bytes_ && uses_.size() > 1) {
    const auto oldest = entries_.find(uses_.back());
    bytes_ -= oldest->second->bytes;
    entries_.erase(oldest);
    uses_.pop_back();
  }
}

FramePtr FrameStore::picture(const std::string& path) {
  const auto one = entry(path);
  std::call_once(one->once, [&] {
    one->frames = {read_picture(path)};
    count(path, *one);
  });
  return one->frames.front();
}

std::shared_ptr<FrameStore::Entry> FrameStore::clip(const std::string& path) {
  auto one = entry(path);
  std::call_once(one->once, [&] {
    VideoReader reader(path);
    while (FramePtr frame = reader.next()) one->frames.push_back(std::move(frame));
    count(path, *one);
  });
  return one;
}

FramePtr FrameStore::video_frame(const std::string& path, std::int64_t index) {
  const auto one = clip(path);
  if (index < 0 || index >= static_cast<std::int64_t>(one->frames.size())) {
    fail("{}: no frame {}: the video has {}", path, index, one->frames.size());
  }
  return one->frames[index];
}

std::int64_t FrameStore::video_length(const std::string& path) {
  return static_cast<std::int64_t>(clip(path)->frames.size());
}

TrainSet::TrainSet(const std::vector<TrainDataConfig>& configs, const JointSet& joints,
                   double frame_mebibytes)
    : joints_(joints), trained_(joints.joints.size(), false), store_(frame_mebibytes) {
  for (const TrainDataConfig& config : configs) add(config);
  if (configs.empty()) fail("no data to train on (data, or --dataset with --root)");
  if (samples_.empty()) {
    fail("{}: no person with a labelled joint", configs.front().annotations.empty()
                                                    ? configs.front().root
                                                    : configs.front().annotations);
  }
}

DatasetFiles dataset_files(const std::string& name, const std::string& root,
                           const std::string& split) {
  std::vector<DatasetFiles> places;  // the first that is there
  const fs::path base = root;
  if (name == "posetrack17" || name == "posetrack18" || name == "posetrack21") {
    for (const char* folder : {"annotations", "posetrack_data/annotations", "posetrack_data"}) {
      places.push_back({base / folder / split, root});
    }
  } else if (name == "coco") {
    for (const char* pictures : {"", "images"}) {
      const std::string folder = base / pictures / (split + "2017");
      if (fs::is_directory(folder)) {
        places.push_back({base / "annotations" / ("person_keypoints_" + split + "2017.json"), folder});
      }
    }
    if (places.empty()) fail("{}: no folder {}2017 with the pictures of COCO", root, split);
  } else {
    fail("dataset '{}': not one of: posetrack17 posetrack18 posetrack21 coco", name);
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
  const auto opinions = read_opinions(config.second_opinion);
  const int first = static_cast<int>(samples_.size());
  Count count;
  count.annotations = config.annotations;
  count.labels.assign(joints_.joints.size(), 0);
  for (Annotations& annotations : read_annotation_files(config.annotations, config.root)) {
    add(annotations, config, opinions, count);
  }
  count.samples = static_cast<int>(samples_.size()) - first;
  parts_.push_back({first, count.samples, config.repeat});
  log_info("{}: {} persons in {} videos and stills{}", config.annotations, count.samples,
           count.videos,
           count.suspects ? fmt::format(", {} suspects left out", count.suspects) : "");
  if (count.labels_outside > 0) {
    log_warning("{}: {} labels outside the picture left out", config.annotations,
                count.labels_outside);
  }
  counts_.push_back(std::move(count));
}

void TrainSet::add(Annotations& annotations, const TrainDataConfig& config,
                   const Opinions& opinions, Count& count) {
  const JointSet& set = annotations.joints;
  const std::vector<bool> labelled = labelled_joints(annotations);
  std::vector<int> from(joints_.joints.size());  // the file's index of each of our joints
  for (std::size_t j = 0; j < from.size(); ++j) from[j] = set.index(joints_.joints[j]);
  if (std::all_of(from.begin(), from.end(), [](int j) { return j < 0; })) {
    fail("{}: none of its joints is among the model's", annotations.path);
  }

  for (AnnotatedVideo& video : annotations.videos) {
    const int v = static_cast<int>(videos_.size());
    for (int f = 0; f < static_cast<int>(video.frames.size()); ++f) {
      const AnnotatedFrame& frame = video.frames[f];
      for (int p = 0; p < static_cast<int>(frame.persons.size()); ++p) {
        const AnnotatedPerson& person = frame.persons[p];
        if (person.crowd) continue;
        const auto box = !person.box             ? std::nullopt
                         : config.sanitise_boxes ? inside(*person.box, frame)
                                                 : person.box;
        if (!box || !(box->area() > 0)) {
          ++count.outside;
          continue;
        }
        if (config.skip_suspects && person.extra.contains("suspect_lr") &&
            person.extra["suspect_lr"] == true) {
          ++count.suspects;
          continue;
        }
        std::vector<JointLabel> labels = labels_of(person, config, set.joints.size());
        if (const auto other = opinions.find(person.id.value_or(-1)); other != opinions.end()) {
          listen(other->second, config, set, labelled, labels);
        }
        count.labels_outside += leave_out_outside(labels, frame);
        TrainSample sample{v, f, p, *box, std::vector<JointLabel>(from.size())};
        bool any = false;
        for (std::size_t j = 0; j < from.size(); ++j) {
          if (from[j] < 0) continue;
          sample.joints[j] = labels[from[j]];
          if (sample.joints[j].weight <= 0) continue;
          any = trained_[j] = true;
          ++count.labels[j];
        }
        if (any) samples_.push_back(std::move(sample));
        count.unlabelled += !any;
      }
    }
    ++count.videos;
    videos_.push_back(std::move(video));
    file_joints_.push_back(set);
    may_miss_.push_back(config.missing == "key");
  }
}

const JointSet& TrainSet::file_joints(const TrainSample& sample) const {
  return file_joints_[sample.video];
}

std::vector<int> TrainSet::order(std::uint64_t seed, std::uint64_t epoch) const {
  Random random = random_for(seed, epoch, ~std::uint64_t{0});
  std::vector<int> result;
  for (const Part& part : parts_) {
    std::vector<int> all(part.count);
    for (int i = 0; i < part.count; ++i) all[i] = part.first + i;
    std::shuffle(all.begin(), all.end(), random);
    const auto wanted = static_cast<std::size_t>(std::llround(part.repeat * part.count));
    for (std::size_t i = 0; i < wanted; ++i) result.push_back(all[i % all.size()]);
  }
  std::shuffle(result.begin(), result.end(), random);
  return result;
}

FramePtr TrainSet::load(const AnnotatedVideo& video, int frame) {
  const AnnotatedFrame& annotated = video.frames[frame];
  if (video.source == VideoSource::kVideoFile) {
    return store_.video_frame(video.path, annotated.index);
  }
  return store_.picture(video.picture(annotated));
}

TrainSet::NeighbourPicture TrainSet::neighbour_picture(int v, int frame, int side) const {
  const AnnotatedVideo& video = videos_[v];
  const AnnotatedFrame& key = video.frames[frame];
  const int f = frame + side;
  const bool inside = f >= 0 && f < static_cast<int>(video.frames.size());
  NeighbourPicture result;
  if (inside && video.frames[f].index == key.index + side) {
    result.path = video.picture(video.frames[f]);
  } else if (const auto name = numbered_on(key.file_name, side)) {
    result.path = fs::path(video.path) / *name;
  }
  if (!result.path.empty() && !fs::exists(result.path)) {
    result.is_missing = inside && !may_miss_[v];
    if (!result.is_missing) result.path.clear();
  }
  return result;
}

FramePtr TrainSet::neighbour(int v, int frame, int side) {
  const AnnotatedVideo& video = videos_[v];
  if (video.source == VideoSource::kVideoFile) {
    const std::int64_t index = video.frames[frame].index + side;
    const bool end = index < 0 || index >= store_.video_length(video.path);
    return end ? nullptr : store_.video_frame(video.path, index);
  }
  const NeighbourPicture picture = neighbour_picture(v, frame, side);
  if (picture.is_missing) {
    fail("{}: no such file, a neighbour of frame {} (data.missing \"key\" takes the frame itself)",
         picture.path, video.frames[frame].index);
  }
  return picture.path.empty() ? nullptr : store_.picture(picture.path);
}

std::array<FramePtr, 3> TrainSet::frames(const TrainSample& sample, bool neighbours) {
  const AnnotatedVideo& video = videos_[sample.video];
  const FramePtr key = load(video, sample.frame);
  if (key->missing) fail("{}: the frame cannot be decoded", place(sample));
  std::array<FramePtr, 3> result{key, key, key};
  if (!neighbours || is_still(sample)) return result;
  for (const int side : {-1, 1}) {
    FramePtr other = neighbour(sample.video, sample.frame, side);
    if (other && !other->missing) result[1 + side] = std::move(other);
  }
  return result;
}

std::vector<std::string> TrainSet::missing_files(std::size_t most, bool neighbours) const {
  std::vector<std::string> missing;
  std::set<std::string> seen;
  const auto look = [&](const std::string& path) {
    if (missing.size() == most || !seen.insert(path).second || fs::exists(path)) return;
    missing.push_back(fmt::format("{}: no such file", path));
  };
  for (const TrainSample& sample : samples_) {
    const AnnotatedVideo& video = videos_[sample.video];
    const bool is_file = video.source == VideoSource::kVideoFile;
    look(is_file ? video.path : video.picture(video.frames[sample.frame]));
    if (is_file || !neighbours || is_still(sample)) continue;
    for (const int side : {-1, 1}) {
      const auto picture = neighbour_picture(sample.video, sample.frame, side);
      if (picture.is_missing) look(picture.path);
    }
  }
  return missing;
}

bool TrainSet::annotated(int sample, int joint) const {
  const auto part = std::find_if(parts_.begin(), parts_.end(), [&](const Part& one) {
    return sample < one.first + one.count;
  });
  return counts_[static_cast<std::size_t>(part - parts_.begin())].labels[joint] > 0;
}

bool TrainSet::sets_differ() const {
  for (const Count& count : counts_) {
    for (std::size_t j = 0; j < trained_.size(); ++j) {
      if (count.samples > 0 && trained_[j] != (count.labels[j] > 0)) return true;
    }
  }
  return false;
}

bool TrainSet::is_still(const TrainSample& sample) const {
  return videos_[sample.video].source == VideoSource::kStill;
}

std::string TrainSet::place(const TrainSample& sample) const {
  const AnnotatedVideo& video = videos_[sample.video];
  return fmt::format("{}: frame {}", video.path, video.frames[sample.frame].index);
}

}  // namespace vremd
