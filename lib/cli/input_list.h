// SPDX-License-Identifier: Apache-2.0
#pragma once

// The inputs of a run: from the command line or a list, and of those a share.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace vremd::cli {

// The names in a list, "-" for standard input: one per line, with LF or CRLF, without empty lines
// and those that begin with "#"; or, with `null`, every name that ends with a zero byte. Errors:
// "LIST: cannot open", "LIST:LINE: not UTF-8".
std::vector<std::string> read_list(const std::string& path, bool null);

// The I-th of N shares, counted from 1.
struct Shard {
  std::int64_t index = 1, count = 1;
  bool operator==(const Shard&) const = default;
};

// "I/N", or "auto": from the environment of a Slurm job, whose tasks (those of the job array times
// the processes of srun) each get a share; outside of Slurm, everything. "" is everything.
// UsageErrors: invalid text; a job array without consecutive task ids.
Shard parse_shard(const std::string& text);

// The names of one shard, in their order. Every name is in exactly one shard. It depends on the
// set of names and sizes only: the largest comes first and goes to the shard with the least to do.
// `size_of` gives bytes, 0 if unknown.
std::vector<std::string> share_of(const std::vector<std::string>& names, const Shard& shard,
                                  const std::function<std::uintmax_t(const std::string&)>& size_of);

// The bytes of an input: for the records of a video, those of the video, so that every tool has
// the same shards; 0 if there is no such file. Records are recognised by their extension.
std::uintmax_t size_of_input(const std::string& root, const std::string& name);

// A name without the extension of records, if it has it.
std::string without_record_extension(const std::string& name);

}  // namespace vremd::cli
