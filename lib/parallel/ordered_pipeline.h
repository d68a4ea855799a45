// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <type_traits>

namespace vremd::parallel {

struct PipelineOptions {
  int threads = 1;                         // including the caller's
  std::size_t tokens = 2;                  // limit of tokens read but not yet written
  bool parallel = true;                    // false: `work` runs serially, in order (one device)
  std::function<void()> prepare_thread{};  // once in each thread of the pipeline; must not throw
  std::function<void()> cancel{};  // after an exception, in any thread: must end a waiting `read`
};

struct PipelineStages {
  std::function<std::shared_ptr<void>()> read;
  std::function<void(void*)> work, write;
};
void run_ordered(const PipelineStages& stages, const PipelineOptions& options);

// read() -> work(token) -> write(token): `read` and `write` run serially and in order, `work` in
// parallel, on oneTBB. `read` returns a std::unique_ptr; null ends the pipeline after earlier
// tokens are written. An exception in a stage cancels the others and is rethrown.
template <typename Read, typename Work, typename Write>
void run_ordered(const Read& read, const Work& work, const Write& write,
                 const PipelineOptions& options) {
  using Token = typename std::invoke_result_t<const Read&>::element_type;
  run_ordered({[&read]() -> std::shared_ptr<void> { return read(); },
               [&work](void* token) { work(*static_cast<Token*>(token)); },
               [&write](void* token) { write(*static_cast<Token*>(token)); }},
              options);
}

}  // namespace vremd::parallel
