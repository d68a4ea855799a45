// SPDX-License-Identifier: Apache-2.0
#include "pipeline/diagnosis.h"

#include "core/error.h"
#include "io/safetensors.h"
#include "ops/conv2d.h"
#include "ops/device.h"
#include "ops/linear.h"
#include "pipeline/versions.h"
#include "video/av.h"

#include <ATen/Context.h>
#include <c10/core/Device.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

namespace vremd::pipeline {
namespace {

// The lines "key<separator>value" of a file of the system.
std::map<std::string, std::string> fields_of(const char* path, char separator) {
  std::map<std::string, std::string> fields;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const std::size_t at = line.find(separator);
    if (at == line.npos) continue;
    std::string key = line.substr(0, at), value = line.substr(at + 1);
    const auto trim = [](std::string& text) {
      text.erase(0, text.find_first_not_of(" \t\""));
      text.erase(text.find_last_not_of(" \t\"") + 1);
    };
    trim(key);
    trim(value);
    fields.try_emplace(key, value);
  }
  return fields;
}

std::string value_of(const std::map<std::string, std::string>& fields, const char* key) {
  const auto found = fields.find(key);
  return found == fields.end() ? "unknown" : found->second;
}

std::string first_line(const char* path) {
  std::ifstream file(path);
  std::string line;
  return std::getline(file, line) ? line : "none";
}

std::string processors() {
  cpu_set_t set;
  const int allowed = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 0;
  return fmt::format("{} in the machine, {} in the affinity mask; cgroup quota: {}",
                     sysconf(_SC_NPROCESSORS_ONLN), allowed, first_line("/sys/fs/cgroup/cpu.max"));
}

std::string decoders() {
  constexpr std::pair<const char*, AVCodecID> kCodecs[] = {
      {"H.264", AV_CODEC_ID_H264},        {"HEVC", AV_CODEC_ID_HEVC},
      {"AV1", AV_CODEC_ID_AV1},           {"VP9", AV_CODEC_ID_VP9},
      {"MPEG-2", AV_CODEC_ID_MPEG2VIDEO}, {"MPEG-4", AV_CODEC_ID_MPEG4},
      {"MJPEG", AV_CODEC_ID_MJPEG},       {"PNG", AV_CODEC_ID_PNG}};
  std::vector<std::string> have, lack;
  for (const auto& [name, id] : kCodecs) (avcodec_find_decoder(id) ? have : lack).push_back(name);
  std::string text = fmt::format("{}", fmt::join(have, ", "));
  if (!lack.empty()) text += fmt::format("; missing: {}", fmt::join(lack, ", "));
  return text;
}

std::string devices() {
  const int count = ops::cuda_devices();
  if (count > 0) return fmt::format("cpu, {} CUDA devices", count);
  return at::detail::getCUDAHooks().hasCUDART() ? "cpu; no CUDA device is visible" : "cpu";
}

std::string model(const std::string& name) {
  try {
    const std::string path = io::find_weights(name);
    return fmt::format("{}, sha256:{}", path, io::SafetensorsFile(path).sha256().get());
  } catch (const Error& error) {
    return error.what();
  }
}

std::string access_to(const std::string& folder) {
  std::error_code error;
  const auto space = std::filesystem::space(folder, error);
  if (error) return fmt::format("{}: {}", folder, error.message());
  constexpr double kGiB = 1 << 30;
  return fmt::format("{}: {}, {:.1f} GiB free", folder,
                     access(folder.c_str(), W_OK) == 0 ? "writable" : "not writable",
                     static_cast<double>(space.available) / kGiB);
}

}  // namespace

std::string diagnosis(const std::vector<std::string>& models, const std::string& output) {
  std::string text;
  const auto add = [&](const char* what, const std::string& value) {
    text += fmt::format("{}: {}\n", what, value);
  };
  utsname system{};
  uname(&system);
  add("system",
      fmt::format("{}; {} {} {}", value_of(fields_of("/etc/os-release", '='), "PRETTY_NAME"),
                  system.sysname, system.release, system.machine));
  add("processor", value_of(fields_of("/proc/cpuinfo", ':'), "model name"));
  add("processors", processors());
  add("linear layers", ops::linear_implementation());
  add("convolutions", ops::conv2d_implementation());
  add("fast bfloat16", ops::has_fast_bf16(at::kCPU) ? "yes" : "no");
  const auto memory = fields_of("/proc/meminfo", ':');
  add("memory",
      fmt::format("{}, available {}; cgroup limit: {}", value_of(memory, "MemTotal"),
                  value_of(memory, "MemAvailable"), first_line("/sys/fs/cgroup/memory.max")));
  for (const std::string& line : library_versions()) add("library", line);
  add("decoders", decoders());
  add("devices", devices());
  for (const std::string& name : models) add("model", model(name));
  add("folder", access_to(output));
  add("folder", access_to(std::filesystem::temp_directory_path().string()));
  for (const char* name :
       {"VREMD_MODELS", "CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS", "MKL_NUM_THREADS",
        "OPENBLAS_CORETYPE", "ATEN_CPU_CAPABILITY", "VREMD_LINEAR", "VREMD_CONV", "LD_PRELOAD",
        "SLURM_JOB_ID", "SLURM_CPUS_PER_TASK"}) {
    if (const char* value = std::getenv(name))
      add("environment", fmt::format("{}={}", name, value));
  }
  return text;
}

}  // namespace vremd::pipeline
