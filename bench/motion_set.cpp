// SPDX-License-Identifier: Apache-2.0
// vremd-motion-set: annotated stills -> clips of three frames with the still in the middle.
//
// A seeded protocol that tests whether neighbouring frames help. The previous and next frames are
// the still, moved about the person's centre with a random velocity (sigma: 3 % of the longer box
// side, 2 degrees and 2 % of scale per frame) plus 30 % jitter. The key frame is unchanged, blurred
// (two box blurs of 2.5 % of the longer box side) or covered (a random rectangle in the box, 45 %
// of its sides, in the mean colour of the image).

#include "annotation/annotations.h"
#include "cli/tool.h"
#include "core/error.h"
#include "core/log.h"
#include "data/augment.h"
#include "io/json_file.h"
#include "io/output_file.h"
#include "ops/warp_affine.h"
#include "video/reader.h"
#include "video/writer.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

using namespace vremd;

namespace {

struct Config {
  std::vector<std::string> inputs;
  std::string output;
  std::string key = "plain";
  int seed = 1;
};

// The picture warped by `map` (target -> source pixels), black outside.
Frame warped(const Frame& picture, const Affine2x3& map, int blur) {
  const int width = picture.width, height = picture.height;
  std::vector<float> planes(std::size_t{3} * width * height);
  const std::uint8_t* bytes = picture.rgb.data();
  const int size[3] = {width, height, 3 * width};
  float affine[6];
  std::copy(map.m.begin(), map.m.end(), affine);
  ops::WarpAffineArgs args;
  args.pictures = &bytes;
  args.sizes = size;
  args.crop_to_frame = affine;
  args.crops = planes.data();
  args.count = 1;
  args.height = height;
  args.width = width;
  ops::warp_affine_cpu(args);
  data::Augmentation::FrameChange change;
  change.blur = blur;
  const std::array<float, 3> black{0, 0, 0}, white{255, 255, 255};
  data::change_crop(planes, height, width, {}, change, black, white);

  Frame result;
  result.width = width;
  result.height = height;
  result.rgb.resize(planes.size());
  const std::size_t plane = static_cast<std::size_t>(width) * height;
  for (std::size_t i = 0; i < plane; ++i) {
    for (std::size_t c = 0; c < 3; ++c) {
      result.rgb[3 * i + c] =
          static_cast<std::uint8_t>(std::clamp(std::lround(planes[c * plane + i]), 0L, 255L));
    }
  }
  return result;
}

void erase(Frame& frame, const Box& box, Random& random) {
  std::uniform_real_distribution<double> share(0, 0.55);
  std::array<double, 3> mean{};
  for (std::size_t i = 0; i < frame.rgb.size(); ++i) mean[i % 3] += frame.rgb[i];
  for (double& m : mean) m /= static_cast<double>(frame.rgb.size()) / 3;
  const int left = static_cast<int>(box.x + box.w * share(random));
  const int top = static_cast<int>(box.y + box.h * share(random));
  const int right = left + static_cast<int>(0.45 * box.w);
  const int bottom = top + static_cast<int>(0.45 * box.h);
  for (int y = std::max(0, top); y < std::min(frame.height, bottom); ++y) {
    for (int x = std::max(0, left); x < std::min(frame.width, right); ++x) {
      for (std::size_t c = 0; c < 3; ++c) {
        frame.rgb[3 * (static_cast<std::size_t>(y) * frame.width + x) + c] =
            static_cast<std::uint8_t>(std::lround(mean[c]));
      }
    }
  }
}

// Rotates and scales about `centre`, then shifts.
Affine2x3 moved(const Point& centre, double degrees, double scale, double dx, double dy) {
  const double angle = degrees * M_PI / 180;
  const double c = scale * std::cos(angle), s = scale * std::sin(angle);
  return {{c, -s, centre.x - c * centre.x + s * centre.y + dx, s, c,
           centre.y - s * centre.x - c * centre.y + dy}};
}

int make_set(const Config& config) {
  cli::require(config.inputs.size() == 1, "expected exactly one annotation file");
  cli::require(!config.output.empty(), "no output directory: use -o");
  cli::require(config.key == "plain" || config.key == "blur" || config.key == "cover",
               "--key must be plain, blur or cover");
  const annotation::Annotations annotations = annotation::Annotations::read(config.inputs.front());
  const Json source = io::read_json_file(config.inputs.front());
  Json images = Json::array(), labels = Json::array();
  std::int64_t clips = 0;
  for (const annotation::AnnotatedVideo& video : annotations.videos) {
    const annotation::AnnotatedFrame& frame = video.frames.front();
    if (video.source != annotation::VideoSource::kStill || frame.persons.empty()) continue;
    const annotation::AnnotatedPerson& person = frame.persons.front();
    if (!person.box || !frame.image_id) continue;
    const FramePtr still = video::read_picture(video.picture(frame));
    const std::int64_t id = *frame.image_id;
    Random random = data::random_for(static_cast<std::uint64_t>(config.seed), 0, id);
    std::normal_distribution<double> normal;
    std::array<double, 4> velocity;
    for (double& v : velocity) v = normal(random);
    const double side = std::max(person.box->w, person.box->h);

    const std::string folder = "images/" + video.id;
    std::filesystem::create_directories(std::filesystem::path(config.output) / folder);
    for (int t = 0; t < 3; ++t) {
      Affine2x3 map;
      if (t != 1) {
        std::array<double, 4> v;
        for (std::size_t i = 0; i < 4; ++i) v[i] = (t - 1) * velocity[i] + 0.3 * normal(random);
        map = moved(person.box->centre(), 2 * v[0], std::exp(0.02 * v[1]), 0.03 * side * v[2],
                    0.03 * side * v[3]);
      }
      const bool blurred = t == 1 && config.key == "blur";
      Frame made = warped(*still, map, blurred ? std::max(1, static_cast<int>(0.025 * side)) : 0);
      if (t == 1 && config.key == "cover") erase(made, *person.box, random);
      const std::string name = fmt::format("{}/{:06}.png", folder, t);
      video::write_picture((std::filesystem::path(config.output) / name).string(), made);
      images.push_back({{"id", 10 * id + t},
                        {"file_name", name},
                        {"frame_id", t},
                        {"vid_id", video.id},
                        {"nframes", 3},
                        {"is_labeled", t == 1},
                        {"width", made.width},
                        {"height", made.height}});
    }
    for (const Json& label : source["annotations"]) {
      if (label["image_id"] != id) continue;
      labels.push_back(label);
      labels.back()["image_id"] = 10 * id + 1;
    }
    ++clips;
  }
  io::OutputFile out((std::filesystem::path(config.output) / "motion.json").string(), true);
  out.write(Json{{"images", images}, {"annotations", labels}, {"categories", source["categories"]}}
                .dump());
  out.commit();
  log_info("{} clips of three frames, key frame {}", clips, config.key);
  return cli::kSuccess;
}

}  // namespace

int main(int argc, char** argv) {
  Config config;
  cli::Tool tool("vremd-motion-set", "make three-frame clips from annotated still images");
  tool.inputs(config.inputs, "ANNOTATIONS.json");
  tool.option("o,output", config.output, "DIR", "directory for images/ and motion.json");
  tool.option("key", config.key, "HOW", "key frame: plain, blur or cover");
  tool.option("seed", config.seed, "N", "random seed");
  return tool.run(argc, argv, [&](const cli::Common&) { return make_set(config); });
}
