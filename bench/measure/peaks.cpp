// SPDX-License-Identifier: Apache-2.0
#include "measure/peaks.h"

#include <cstddef>
#include <cstring>
#include <vector>

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace vremd::bench {
namespace {

constexpr int kLoops = 2'000'000;

// Independent sums, enough for two units that take four cycles each. Variables, not an array, so
// that they stay in registers.
constexpr int kSums = 12;
#define VREMD_FOR_SUMS(what) \
  what(a) what(b) what(c) what(d) what(e) what(f) what(g) what(h) what(i) what(j) what(k) what(l)

// Makes the compiler believe that the sums are used.
#define VREMD_KEEP(value) __asm__ volatile("" : "+x"(value))

#ifdef __x86_64__

#define VREMD_DECLARE(sum) auto sum = start;
#define VREMD_USE(sum) VREMD_KEEP(sum);
#define VREMD_FMA_LOOP(lanes, set, fma)                             \
  auto start = set(0.5F), factor = set(0.999F), term = set(0.001F); \
  VREMD_FOR_SUMS(VREMD_DECLARE)                                     \
  for (int loop = 0; loop < kLoops; ++loop) {                       \
    VREMD_KEEP(factor);                                             \
    VREMD_FOR_SUMS(fma)                                             \
  }                                                                 \
  VREMD_FOR_SUMS(VREMD_USE)                                         \
  return 2.0 * (lanes) * kSums * kLoops

#define VREMD_FMA_16(sum) sum = _mm512_fmadd_ps(sum, factor, term);
#define VREMD_FMA_8(sum) sum = _mm256_fmadd_ps(sum, factor, term);
#define VREMD_DOT_32(sum)                                            \
  sum = _mm512_dpbf16_ps(sum, (__m512bh)_mm512_castps_si512(factor), \
                         (__m512bh)_mm512_castps_si512(term));

__attribute__((target("avx512f"))) double fma_avx512() {
  VREMD_FMA_LOOP(16, _mm512_set1_ps, VREMD_FMA_16);
}

__attribute__((target("avx2,fma"))) double fma_avx2() {
  VREMD_FMA_LOOP(8, _mm256_set1_ps, VREMD_FMA_8);
}

__attribute__((target("avx512f,avx512bf16"))) double dot_bf16() {
  VREMD_FMA_LOOP(32, _mm512_set1_ps, VREMD_DOT_32);
}

bool has_avx512() { return __builtin_cpu_supports("avx512f"); }
bool has_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

#endif

double multiply_adds() {
  float sums[64];
  for (float& sum : sums) sum = 0.5F;
  for (int i = 0; i < kLoops; ++i) {
    for (float& sum : sums) sum = sum * 0.999F + 0.001F;
  }
  volatile float used = 0;
  for (const float sum : sums) used = used + sum;
  return 2.0 * 64 * kLoops;
}

}  // namespace

double fp32_flops() {
#ifdef __x86_64__
  if (has_avx512()) return fma_avx512();
  if (has_avx2()) return fma_avx2();
#endif
  return multiply_adds();
}

const char* fp32_vectors() {
#ifdef __x86_64__
  if (has_avx512()) return "AVX-512";
  if (has_avx2()) return "AVX2";
#endif
  return "the compiler's";
}

bool has_bf16_peak() {
#ifdef __x86_64__
  return __builtin_cpu_supports("avx512bf16");
#else
  return false;
#endif
}

double bf16_flops() {
#ifdef __x86_64__
  if (has_bf16_peak()) return dot_bf16();
#endif
  return 0;
}

double copied_bytes() {
  constexpr std::size_t kBytes = std::size_t{64} << 20;
  thread_local std::vector<char> from(kBytes, 1), to(kBytes, 2);
  std::memcpy(to.data(), from.data(), kBytes);
  volatile char used = to[kBytes / 2];
  static_cast<void>(used);
  return 2.0 * kBytes;
}

}  // namespace vremd::bench
