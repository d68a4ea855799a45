// SPDX-License-Identifier: Apache-2.0
#include "ops/packed_weight.h"

#include "core/error.h"
#include "core/log.h"
#include "core/text.h"

#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>

namespace vremd::ops {
namespace {

// Two sizes of a detector's input, and two batch sizes of each.
constexpr std::size_t kMostOrders = 4;

std::int64_t version_of(const at::Tensor& tensor) {
  return tensor.is_inference() ? 0 : static_cast<std::int64_t>(tensor._version());
}

}  // namespace

at::Tensor PackedWeight::of(const at::Tensor& weight,
                            const std::function<at::Tensor(const at::Tensor&)>& pack,
                            at::IntArrayRef input) {
  const std::scoped_lock lock(mutex_);
  const std::int64_t version = version_of(weight);
  const bool current = source_.defined() && source_.data_ptr() == weight.data_ptr() &&
                       source_.scalar_type() == weight.scalar_type() &&
                       source_.sizes() == weight.sizes() && source_.strides() == weight.strides() &&
                       version_ == version;
  if (!current) {
    packed_.clear();
    source_ = weight.detach();
    version_ = version;
  }
  const auto known =
      std::ranges::find_if(packed_, [&](const Packed& one) { return input == one.input; });
  if (known != packed_.end()) return known->weight;
  const c10::InferenceMode guard;
  if (packed_.size() == kMostOrders) packed_.pop_front();
  return packed_.emplace_back(Packed{input.vec(), pack(weight.detach())}).weight;
}

bool OnednnChoice::operator()(at::ScalarType type) {
  if (type == at::kFloat) {
    std::call_once(float_once_, [&] { in_float_ = choose(type); });
    return in_float_;
  }
  if (type == at::kBFloat16) {
    std::call_once(bfloat16_once_, [&] { in_bfloat16_ = choose(type); });
    return in_bfloat16_;
  }
  return false;
}

bool OnednnChoice::choose(at::ScalarType type) const {
  const char* wish = std::getenv(variable_);
  const std::string_view name = wish ? wish : "";
  if (name == own_) return false;
  if (!name.empty() && name != "onednn") {
    fail("{} must be {} or onednn, not '{}'", variable_, own_, name);
  }
  std::string problem;
  try {
    c10::InferenceMode guard;
    if (agrees_(type)) return true;
    problem = "its results differ";
  } catch (const c10::Error& error) {
    problem = error.what_without_backtrace();
  } catch (const std::exception& error) {  // oneDNN's own
    problem = error.what();
  }
  problem = first_line(problem);
  const char* type_name = c10::toString(type);
  if (!name.empty()) fail("{}=onednn: {}: {}", variable_, type_name, problem);
  log_info("{} in {} use LibTorch's own: oneDNN: {}", what_, type_name, problem);
  return false;
}

bool needs_gradient(const at::Tensor& x, const at::Tensor& w, const at::Tensor& b) {
  return c10::GradMode::is_enabled() &&
         (x.requires_grad() || w.requires_grad() || (b.defined() && b.requires_grad()));
}

}  // namespace vremd::ops
