// SPDX-License-Identifier: Apache-2.0
#include "data/train_set.h"

#include "core/error.h"
#include "core/log.h"
#include "video/reader.h"

#include <algorithm>
#include <cmath>
#include <fstream>

namespace vremd {
namespace {

struct Opinion {
  std::vector<JointLabel> joints;  // in the order of the annotation file; weight = score
  bool suspect = false;
};

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
      one.joints.push_back({p[0].get<double>(), p[1].get<double>(), p[2].get<double>()});
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
  for (std::size_t j = 0; j < labels.size() && j < opinion.joints.size(); ++j) {
    const JointLabel& other = opinion.joints[j];
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

}  // namespace

FramePtr FrameStore::picture(const std::string& path) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = pictures_.find(path); found != pictures_.end()) return found->second;
  }
  FramePtr frame = read_picture(path);
  const std::lock_guard lock(mutex_);
  bytes_ += static_cast<double>(frame->rgb.size());
  return pictures_.emplace(path, std::move(frame)).first->second;
}

FramePtr FrameStore::video_frame(const std::string& path, std::int64_t index) {
  std::shared_ptr<Clip> clip;
  {
    const std::lock_guard lock(mutex_);
    auto& slot = clips_[path];
    if (!slot) slot = std::make_shared<Clip>();
    clip = slot;
  }
  std::call_once(clip->once, [&] {
    VideoReader reader(path);
    double bytes = 0;
    while (FramePtr frame = reader.next()) {
      bytes += static_cast<double>(frame->rgb.size());
      clip->frames.push_back(std::move(frame));
    }
    const std::lock_guard lock(mutex_);
    bytes_ += bytes;
  });
  if (index < 0 || index >= static_cast<std::int64_t>(clip->frames.size())) {
    fail("{}: no frame {}: the video has {}", path, index, clip->frames.size());
  }
  return clip->frames[index];
}

double FrameStore::mebibytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_ / (1 << 20);
}

TrainSet::TrainSet(const std::vector<TrainDataConfig>& configs, const JointSet& joints)
    : joints_(joints), trained_(joints.joints.size(), false) {
  for (const TrainDataConfig& config : configs) add(config);
  if (samples_.empty()) fail("no person with a labelled joint in the training data");
}

void TrainSet::add(const TrainDataConfig& config) {
  Annotations annotations = Annotations::read(config.annotations, config.root);
  const JointSet& set = annotations.joints;
  const auto opinions = read_opinions(config.second_opinion);
  std::vector<bool> labelled(set.joints.size(), false);
  for (const AnnotatedVideo& video : annotations.videos) {
    for (const AnnotatedFrame& frame : video.frames) {
      for (const AnnotatedPerson& person : frame.persons) {
        for (std::size_t j = 0; j < person.joints.size(); ++j) {
          if (person.joints[j].labelled()) labelled[j] = true;
        }
      }
    }
  }

  std::vector<int> from(joints_.joints.size());  // the file's index of each of our joints
  for (std::size_t j = 0; j < from.size(); ++j) from[j] = set.index(joints_.joints[j]);

  const int first = static_cast<int>(samples_.size());
  int suspects = 0;
  for (AnnotatedVideo& video : annotations.videos) {
    const int v = static_cast<int>(videos_.size());
    for (int f = 0; f < static_cast<int>(video.frames.size()); ++f) {
      for (const AnnotatedPerson& person : video.frames[f].persons) {
        if (person.crowd || !person.box || person.box->area() <= 0) continue;
        if (config.skip_suspects && person.extra.contains("suspect_lr") &&
            person.extra["suspect_lr"] == true) {
          ++suspects;
          continue;
        }
        std::vector<JointLabel> labels = labels_of(person, config, set.joints.size());
        if (const auto other = opinions.find(person.id.value_or(-1)); other != opinions.end()) {
          listen(other->second, config, set, labelled, labels);
        }
        TrainSample sample{v, f, *person.box, std::vector<JointLabel>(from.size())};
        bool any = false;
        for (std::size_t j = 0; j < from.size(); ++j) {
          if (from[j] < 0) continue;
          sample.joints[j] = labels[from[j]];
          if (sample.joints[j].weight > 0) any = trained_[j] = true;
        }
        if (any) samples_.push_back(std::move(sample));
      }
    }
    videos_.push_back(std::move(video));
  }
  const int count = static_cast<int>(samples_.size()) - first;
  parts_.push_back({first, count, config.repeat});
  log_info("{}: {} persons in {} videos and stills{}", config.annotations, count,
           annotations.videos.size(),
           suspects ? fmt::format(", {} suspects left out", suspects) : "");
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

std::array<FramePtr, 3> TrainSet::frames(const TrainSample& sample, bool neighbours) {
  const AnnotatedVideo& video = videos_[sample.video];
  const FramePtr key = load(video, sample.frame);
  if (key->missing) fail("{}: the frame cannot be decoded", place(sample));
  std::array<FramePtr, 3> result{key, key, key};
  if (!neighbours) return result;
  for (const int side : {-1, 1}) {
    const int f = sample.frame + side;
    if (f < 0 || f >= static_cast<int>(video.frames.size()) ||
        video.frames[f].index != video.frames[sample.frame].index + side) {
      continue;
    }
    FramePtr other = load(video, f);
    if (!other->missing) result[1 + side] = std::move(other);
  }
  return result;
}

bool TrainSet::is_still(const TrainSample& sample) const {
  return videos_[sample.video].frames.size() == 1;
}

std::string TrainSet::place(const TrainSample& sample) const {
  const AnnotatedVideo& video = videos_[sample.video];
  return fmt::format("{}: frame {}", video.path, video.frames[sample.frame].index);
}

}  // namespace vremd
