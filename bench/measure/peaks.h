// SPDX-License-Identifier: Apache-2.0
#pragma once

// The limits of this machine, measured in the run that the other figures are compared with.

namespace vremd::bench {

// One loop of multiply-adds in registers, without memory: its floating-point operations.
double fp32_flops();  // by the widest vectors of the processor
double bf16_flops();  // by its dot products of bfloat16 pairs
bool has_bf16_peak();

const char* fp32_vectors();  // "AVX-512", "AVX2" or "the compiler's"

// Copies 64 MiB, more than the caches hold: the bytes read and written.
double copied_bytes();

}  // namespace vremd::bench
