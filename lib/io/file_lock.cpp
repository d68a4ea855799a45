// SPDX-License-Identifier: Apache-2.0
#include "io/file_lock.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>

namespace vremd::io {
namespace {

int apply(int file, int command, short type) {
  struct flock whole{};
  whole.l_type = type;
  whole.l_whence = SEEK_SET;
  return fcntl(file, command, &whole);
}

}  // namespace

Lock try_lock(int file) {
  if (apply(file, F_OFD_SETLK, F_WRLCK) == 0) return Lock::kTaken;
  return errno == EAGAIN || errno == EACCES ? Lock::kHeldByOther : Lock::kUnsupported;
}

FileLock::FileLock(int file) : file_(file) {
  while (apply(file_, F_OFD_SETLKW, F_WRLCK) != 0 && errno == EINTR) {
  }
}

FileLock::~FileLock() { apply(file_, F_OFD_SETLK, F_UNLCK); }

std::string host_name() {
  std::array<char, HOST_NAME_MAX + 1> buffer{};
  gethostname(buffer.data(), buffer.size() - 1);
  return buffer.data();
}

}  // namespace vremd::io
