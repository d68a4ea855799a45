// SPDX-License-Identifier: Apache-2.0
#include "measure/sections.h"

#include "core/error.h"
#include "detect/person_detector.h"
#include "io/safetensors.h"
#include "measure/clip.h"
#include "measure/flop_counter.h"
#include "measure/network_runner.h"
#include "measure/peaks.h"
#include "model/weights.h"
#include "ops/linear.h"

#include <ATen/Functions.h>
#include <c10/core/Device.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <memory>

namespace vremd::bench {
namespace {

constexpr const char* kFp32Peak = "fp32 peak";

std::vector<ops::Precision> precisions() {
  if (!ops::has_fast_bf16(c10::Device(c10::kCPU))) return {ops::Precision::kFp32};
  return {ops::Precision::kFp32, ops::Precision::kBf16};
}

const char* peak_of(ops::Precision precision) {
  return precision == ops::Precision::kBf16 && has_bf16_peak() ? "bf16 peak" : kFp32Peak;
}

std::vector<Contestant> peaks(const Settings& settings) {
  std::vector<Contestant> all{fp32_peak(settings)};
  if (has_bf16_peak()) all.push_back(bf16_peak(settings));
  return all;
}

Spread scaled(const Spread& spread, double factor) {
  return {spread.median * factor, spread.low * factor, spread.high * factor};
}

// From work per CPU second to milliseconds of CPU time for `work`.
Spread milliseconds(const Spread& rate, double work) {
  return {1000 * work / rate.median, 1000 * work / rate.high, 1000 * work / rate.low};
}

std::string tool(const Settings& settings, const char* name) { return settings.bin + "/" + name; }

std::vector<std::string> pose_command(const std::string& bin, const Settings& settings,
                                      const std::string& records, int threads) {
  return {bin + "/vremd-pose",     "-q",   "-w", settings.weights.front(), "-j",
          std::to_string(threads), records};
}

// The persons per second of vremd-pose, without its start: that of a clip with one frame is
// subtracted.
double pose_rate(const Settings& settings, const std::string& bin, const std::string& clip,
                 const std::string& one_frame, int persons, Per per, int threads) {
  const auto seconds = [&](const std::string& records) {
    const Seconds used = run_child(pose_command(bin, settings, records, threads)).seconds;
    return per == Per::kSecond ? used.wall : used.cpu;
  };
  return persons / std::max(1e-9, seconds(clip) - seconds(one_frame));
}

}  // namespace

Section measure_peaks(const Settings& settings) {
  Section section{"Limits of this machine",
                  "Multiply-adds in registers, the matrix product of ViT-B's MLP, and copies of 64 "
                  "MiB, on all threads, by CPU second."};
  const c10::InferenceMode inference;
  const at::Tensor x = at::ones({576, 768}), w = at::ones({3072, 768}), b = at::ones({3072});
  ops::PackedWeight packed, packed_bf16;
  const at::Tensor x_bf16 = x.to(at::kBFloat16), w_bf16 = w.to(at::kBFloat16),
                   b_bf16 = b.to(at::kBFloat16);
  const double product = 2.0 * 576 * 768 * 3072;
  std::vector<Contestant> all = peaks(settings);
  all.push_back(contestant("product, fp32", settings, Per::kCpuSecond, product,
                           [&] { ops::linear(x, w, b, packed); }));
  const bool bf16 = precisions().size() > 1;
  if (bf16) {
    all.push_back(contestant("product, bf16", settings, Per::kCpuSecond, product,
                             [&] { ops::linear(x_bf16, w_bf16, b_bf16, packed_bf16); }));
  }
  all.push_back(
      contestant("copy", settings, Per::kCpuSecond, copied_bytes(), [] { copied_bytes(); }));
  const Rounds rounds(all, settings.rounds);
  const auto add = [&](const char* name, const char* shown, const char* unit, const char* to) {
    Figure figure{shown, scaled(rounds.rate(name), 1e-9), unit, {}, "", {}};
    if (to) figure.ratio = rounds.ratio(name, to), figure.to = to;
    section.figures.push_back(figure);
  };
  const std::string vectors = std::string("multiply-adds, fp32, ") + fp32_vectors();
  add(kFp32Peak, vectors.c_str(), "GFLOP/s", nullptr);
  if (has_bf16_peak()) add("bf16 peak", "dot products, bf16", "GFLOP/s", kFp32Peak);
  add("product, fp32", "matrix product, fp32", "GFLOP/s", kFp32Peak);
  if (bf16) {
    add("product, bf16", "matrix product, bf16", "GFLOP/s", peak_of(ops::Precision::kBf16));
  }
  add("copy", "copied memory", "GB/s", nullptr);
  return section;
}

Section measure_networks(const Settings& settings) {
  Section section{
      "Networks",
      "CPU time for one person (three frames), or for one frame of the detector, on all "
      "threads, and what part of the peak its products reach."};
  for (const ops::Precision precision : precisions()) {
    const c10::InferenceMode inference;
    std::vector<Contestant> all = peaks(settings);
    std::vector<std::unique_ptr<NetworkRunner>> networks;
    std::vector<double> work;
    const auto add = [&](const std::string& name, const std::function<void()>& item) {
      item();  // packs weights
      work.push_back(count_flops(item));
      all.push_back(contestant(name, settings, Per::kCpuSecond, work.back(), item));
    };
    for (const std::string& weights : settings.weights) {
      NetworkRunner& network =
          *networks.emplace_back(std::make_unique<NetworkRunner>(weights, precision));
      const std::string name = std::filesystem::path(weights).stem().string();
      add(name + ", backbone", [&network] { network.encode(); });
      add(name + ", modules and heads", [&network] { network.estimate(); });
    }
    detect::DetectorOptions options;
    options.precision = precision;
    const io::SafetensorsFile file(io::find_weights(settings.detector));
    const detect::PersonDetector detector(file, options);
    Frame frame;
    frame.width = 768, frame.height = 576;
    frame.rgb.resize(std::size_t{3} * 768 * 576);
    for (std::size_t i = 0; i < frame.rgb.size(); ++i) {
      frame.rgb[i] = static_cast<std::uint8_t>(i * 2654435761U >> 24);
    }
    add(settings.detector + ", 768 x 576", [&] { detector.detect(frame); });
    const std::size_t first = all.size() - work.size();
    const Rounds rounds(all, settings.rounds);
    for (std::size_t i = 0; i < work.size(); ++i) {
      const std::string& name = all[first + i].name;
      section.figures.push_back(
          {fmt::format("{}, {} ({:.3g} GFLOP)", name, name_of(precision), 1e-9 * work[i]),
           milliseconds(rounds.rate(name), work[i]),
           "ms",
           rounds.ratio(name, peak_of(precision)),
           peak_of(precision),
           {}});
    }
  }
  return section;
}

Section measure_curves(const Settings& settings) {
  Section section{"Curves", fmt::format("The whole network of {}.", settings.weights.front())};
  NetworkRunner network(settings.weights.front(), ops::Precision::kFp32);
  std::vector<Contestant> all;
  std::vector<int> threads;
  for (int count = 1; count < settings.threads; count *= 2) threads.push_back(count);
  threads.push_back(settings.threads);
  for (const int count : threads) {
    Settings with = settings;
    with.threads = count;
    all.push_back(
        contestant(std::to_string(count), with, Per::kSecond, 1, [&] { network.person(); }));
  }
  const Rounds rounds(all, settings.rounds);
  ChartCurve by_threads{"persons per second", {}};
  for (const int count : threads) {
    by_threads.points.emplace_back(count, rounds.rate(std::to_string(count)).median);
  }
  section.charts.push_back({{"Threads", "threads", 0, {}}, {by_threads}});
  if (threads.size() > 1) {
    section.figures.push_back({fmt::format("{} threads", threads[1]),
                               rounds.rate(std::to_string(threads[1])), "persons/s",
                               rounds.ratio(std::to_string(threads[1]), "1"), "one thread",
                               threads[1] == 2 ? std::optional(1.85) : std::nullopt});
  }

  const auto cpu_ms = [&](const ClipOptions& options) {
    const std::string clip = make_clip(settings.work, options);
    ClipOptions short_options = options;
    short_options.frames = 1;
    const std::string one = make_clip(settings.work, short_options);
    const int persons = (options.frames - 1) * options.people;
    return 1000 /
           pose_rate(settings, settings.bin, clip, one, persons, Per::kCpuSecond, settings.threads);
  };
  constexpr int kPersons = 24;
  ChartCurve by_people{"CPU ms per person", {}}, by_height{"CPU ms per person", {}};
  for (const int people : {1, 2, 4, 8, 12}) {
    by_people.points.emplace_back(people, cpu_ms({1280, 720, kPersons / people + 1, people}));
  }
  for (const int height : {360, 720, 1080}) {
    by_height.points.emplace_back(height, cpu_ms({height * 16 / 9, height, 13, 2}));
  }
  section.charts.push_back(
      {{"People in a frame of 1280 x 720", "people", 0, {}}, {std::move(by_people)}});
  section.charts.push_back(
      {{"Height of the video, two people", "rows", 0, {}}, {std::move(by_height)}});
  return section;
}

Section measure_pipeline(const Settings& settings) {
  Section section{
      "End to end",
      "vremd-pose on a video of 1920 x 1080 with one person in each frame, boxes given, "
      "without its start, compared with the network alone on as many threads."};
  const int frames = 31;
  const std::string clip = make_clip(settings.work, {1920, 1080, frames, 1});
  const std::string one = make_clip(settings.work, {1920, 1080, 1, 1});
  NetworkRunner network(settings.weights.front(), ops::Precision::kFp32);
  const Rounds rounds({contestant("network", settings, Per::kSecond, 1, [&] { network.person(); }),
                       {"pipeline",
                        [&] {
                          return pose_rate(settings, settings.bin, clip, one, frames - 1,
                                           Per::kSecond, settings.threads);
                        }}},
                      std::min(settings.rounds, 3));
  section.figures.push_back({"vremd-pose, 1080p, one person", rounds.rate("pipeline"), "persons/s",
                             rounds.ratio("pipeline", "network"), "the network alone", 0.9});
  const std::string crowd = make_clip(settings.work, {1920, 1080, 4, 12});
  const ChildUse use = run_child(pose_command(settings.bin, settings, crowd, settings.threads));
  section.figures.push_back({"peak memory, 1080p, 12 people",
                             Spread{use.peak_mib, use.peak_mib, use.peak_mib},
                             "MiB",
                             {},
                             "",
                             {}});
  return section;
}

Section measure_start(const Settings& settings) {
  Section section{"Start", "--version of each tool, and weights read into a network."};
  constexpr std::array kTools = {"vremd-convert", "vremd-eval", "vremd-track", "vremd-draw",
                                 "vremd-detect",  "vremd-pose", "vremd-train"};
  std::vector<Contestant> all{{"true", [] { return 1 / run_child({"true"}).seconds.wall; }}};
  for (const char* name : kTools) {
    all.push_back({name, [&settings, name] {
                     return 1 / run_child({tool(settings, name), "--version"}).seconds.wall;
                   }});
  }
  const Rounds rounds(all, settings.rounds);
  for (const char* name : kTools) {
    section.figures.push_back(
        {std::string(name) + " --version", milliseconds(rounds.rate(name), 1), "ms", {}, "", {}});
  }
  const std::string path = io::find_weights(settings.weights.front());
  const auto timed = [](const std::function<void()>& what) {
    return 1 / run_team(1, 1, [&](int) { what(); }).wall;
  };
  const Rounds loading({{"load", [&] { return timed([&] { model::load_model(path); }); }},
                        {"read",
                         [&] {
                           return timed([&] {
                             std::ifstream in(path, std::ios::binary);
                             std::vector<char> bytes(std::filesystem::file_size(path));
                             in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
                           });
                         }}},
                       settings.rounds);
  section.figures.push_back({settings.weights.front() + ", loaded",
                             milliseconds(loading.rate("load"), 1),
                             "ms",
                             loading.ratio("load", "read"),
                             "the speed of reading the file",
                             {}});
  return section;
}

Section measure_against(const Settings& settings) {
  Section section{"Compared with another build",
                  "vremd-pose of both builds on the same clip in turn, without its start: persons "
                  "per CPU second."};
  const int frames = 13, people = 4;
  const std::string clip = make_clip(settings.work, {1280, 720, frames, people});
  const std::string one = make_clip(settings.work, {1280, 720, 1, people});
  const auto rate = [&](const std::string& bin) {
    return pose_rate(settings, bin, clip, one, (frames - 1) * people, Per::kCpuSecond,
                     settings.threads);
  };
  const Rounds rounds({{"this", [&] { return rate(settings.bin); }},
                       {"other", [&] { return rate(settings.against); }}},
                      settings.rounds);
  section.figures.push_back({"vremd-pose, 720p, 4 people",
                             rounds.rate("this"),
                             "persons per CPU second",
                             rounds.ratio("this", "other"),
                             settings.against,
                             {}});
  return section;
}

}  // namespace vremd::bench
