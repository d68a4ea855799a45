// SPDX-License-Identifier: Apache-2.0
#include "core/error.h"
#include "measure/network_runner.h"
#include "measure/peer.h"

#include <ATen/Functions.h>
#include <c10/core/Device.h>
#include <c10/core/InferenceMode.h>

#include <cstring>
#include <fstream>
#include <memory>

namespace vremd::bench {
namespace {

constexpr int kCrops = 4;

at::Tensor read_floats(const std::string& path, at::IntArrayRef shape) {
  const at::Tensor values = at::empty(shape, at::kFloat);
  std::ifstream in(path, std::ios::binary);
  in.read(static_cast<char*>(values.mutable_data_ptr()),
          static_cast<std::streamsize>(values.nbytes()));
  if (!in || in.peek() != EOF) fail("{}: not {} floats", path, values.numel());
  return values;
}

double relative_error(const at::Tensor& values, const at::Tensor& expected) {
  return values.sub(expected).norm().item().toDouble() / expected.norm().item().toDouble();
}

// What the networks of one size give for the same crops, and how fast.
void compare(Peer& peer, const Settings& settings, const std::string& size, Section& section) {
  const Json made = peer.ask(
      {{"do", "make"}, {"size", size}, {"folder", settings.work}, {"threads", settings.threads}});
  const std::string weights = settings.work + "/vitpose-" + size + ".safetensors";
  run_child({settings.bin + "/vremd-convert", "weights", "-q", "-f", "--dtype", "fp32",
             made.at("checkpoint").get<std::string>(), "-o", weights});
  const c10::InferenceMode inference;
  const at::Tensor crops = read_floats(made.at("crops").get<std::string>(), {kCrops, 3, 256, 192});
  std::vector<Contestant> all;
  std::vector<std::unique_ptr<NetworkRunner>> networks;
  std::vector<std::string> ours, theirs;
  at::Tensor expected;  // of our network in float32

  const auto add_ours = [&](ops::Precision precision, double bound) {
    NetworkRunner& network =
        *networks.emplace_back(std::make_unique<NetworkRunner>(weights, precision));
    const at::Tensor heatmaps = network.heatmaps(crops);
    if (!expected.defined()) expected = heatmaps.clone();
    const std::string name = fmt::format("vremd, {}", name_of(precision));
    if (relative_error(heatmaps, expected) > bound) {
      section.missing.push_back(fmt::format("ViTPose-{}, {}: its heatmaps differ", size, name));
      return;
    }
    ours.push_back(name);
    all.push_back(contestant(name, settings, Per::kSecond, 1, [&network] { network.person(); }));
  };
  add_ours(ops::Precision::kFp32, 0);
  if (ops::has_fast_bf16(c10::Device(c10::kCPU))) add_ours(ops::Precision::kBf16, 0.03);

  for (const Json& engine : made.at("engines")) {
    const auto name = engine.at("name").get<std::string>();
    if (engine.contains("missing")) {
      section.missing.push_back(
          fmt::format("ViTPose-{}, {}: {}", size, name, engine["missing"].get<std::string>()));
      continue;
    }
    const Json question = {{"size", size}, {"engine", name}};
    Json parity = question, run = question;
    parity["do"] = "heatmaps";
    const auto file = peer.ask(parity).at("heatmaps").get<std::string>();
    const double error = relative_error(read_floats(file, expected.sizes()), expected);
    if (!(error <= engine.at("bound").get<double>())) {
      section.missing.push_back(
          fmt::format("ViTPose-{}, {}: its heatmaps differ by {:.1e}", size, name, error));
      continue;
    }
    run["do"] = "run";
    run["seconds"] = settings.seconds;
    theirs.push_back(name);
    all.push_back({name, [&peer, run] { return peer.ask(run).at("rate").get<double>(); }});
  }
  const Rounds rounds(all, settings.rounds);
  for (const std::string& other : theirs) {
    section.figures.push_back(
        {fmt::format("ViTPose-{}, {}", size, other), rounds.rate(other), "crops/s", {}, "", {}});
  }
  for (const std::string& own : ours) {
    section.figures.push_back(
        {fmt::format("ViTPose-{}, {}", size, own), rounds.rate(own), "crops/s", {}, "", {}});
    for (const std::string& other : theirs) {
      Figure figure{"", {}, "", rounds.ratio(own, other), other, {}};
      if (size == "b" && other == "ONNX Runtime, fp32") {
        figure.target = own == "vremd, fp32" ? 1.2 : 2.0;
      }
      section.figures.push_back(figure);
    }
  }
}

}  // namespace

Section measure_peers(const Settings& settings) {
  Section section{
      "Peers",
      "The whole network of ViTPose with the same random weights on the same crops, one crop at a "
      "time, with as many threads: vremd, PyTorch (transformers) and ONNX Runtime, in turn. "
      "Nothing "
      "is timed before the heatmaps agree (1e-4 in fp32, 3e-2 in bf16)."};
  if (settings.peers.empty()) {
    section.missing.emplace_back("all of it: no Python with the other libraries was given");
    return section;
  }
  const std::string script = std::string(VREMD_BENCH_FOLDER) + "/peers.py";
  Peer peer({settings.peers, script});
  for (const char* size : {"s", "b"}) compare(peer, settings, size, section);
  return section;
}

}  // namespace vremd::bench
