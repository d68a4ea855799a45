// SPDX-License-Identifier: Apache-2.0
#include "annotation/posetrack_names.h"

#include "core/picture_names.h"
#include "core/text.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <initializer_list>
#include <limits>

namespace vremd::annotation {

namespace fs = std::filesystem;

namespace {

// 29.55 rather than 29.549999999999983
double neat(double value) {
  constexpr double kNoise = 1e-9;
  const double rounded = std::round(value * 1e6) / 1e6;
  return std::fabs(rounded - value) < kNoise ? rounded : value;
}

}  // namespace

bool is_posetrack_folder(const std::string& name) {
  const std::size_t digits = name.find_first_not_of("0123456789");
  if (digits == 0 || digits == std::string::npos) return false;
  const std::string rest = name.substr(digits);
  return rest.starts_with("_mpii") || rest.starts_with("_bonn");
}

std::optional<std::int64_t> first_image_id(const std::string& sequence) {
  constexpr std::int64_t kSet = 10'000'000'000, kSequence = 10'000, kMostSequences = 1'000'000;
  const std::string_view name = sequence;
  const std::size_t digits = std::min(name.find_first_not_of("0123456789"), name.size());
  const auto number = number_from<std::int64_t>(name.substr(0, digits));
  if (!number || *number >= kMostSequences) return std::nullopt;
  const std::string_view kind = name.substr(digits);
  const auto is = [&](std::string_view set) {
    return kind.starts_with(set) && (kind.size() == set.size() || kind[set.size()] == '_');
  };
  const int set = is("_mpii") ? 1 : is("_bonn") ? 2 : is("_mpiinew") ? 3 : 0;
  if (set == 0) return std::nullopt;
  return set * kSet + *number * kSequence;
}

std::optional<std::int64_t> posetrack_index(const std::string& file_name) {
  constexpr std::size_t kDigitsOf17 = 8;
  const auto number = number_in(file_name);
  const std::string stem = fs::path(file_name).stem();
  const bool from_one =
      stem.size() == kDigitsOf17 && stem.find_first_not_of("0123456789") == stem.npos;
  return number && from_one && *number > 0 ? *number - 1 : number;
}

std::string sequence_of_file(const std::string& path) {
  const std::string name = fs::path(path).filename();
  return name.substr(0, name.find('.'));
}

std::string_view video_key(std::string_view file_name) {
  const std::size_t slash = file_name.rfind('/');
  if (slash == std::string_view::npos) return "";
  const std::string_view folder = file_name.substr(0, slash);
  const std::string_view name = folder.substr(folder.rfind('/') + 1);  // npos + 1 is 0
  return name.substr(0, name.find('_'));
}

double width_to(double x, double right) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const double w = right - x;
  for (const double one :
       {neat(w), w, std::nextafter(w, kInfinity), std::nextafter(w, -kInfinity)}) {
    if (right_of(x, one) == right) return one;
  }
  return w;
}

double right_of(double x, double width) { return neat(x + width); }

}  // namespace vremd::annotation
