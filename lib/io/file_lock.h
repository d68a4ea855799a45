// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace vremd::io {

// Locks of whole files, for writing. They belong to the open file, end with its last descriptor,
// and also hold between the threads of a process.

enum class Lock { kTaken, kHeldByOther, kUnsupported };

Lock try_lock(int file);

// Waits for a lock and holds it during its lifetime. Does nothing where there are no locks.
class FileLock {
 public:
  explicit FileLock(int file);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int file_;
};

std::string host_name();

}  // namespace vremd::io
