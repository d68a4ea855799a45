// SPDX-License-Identifier: Apache-2.0
// When preloaded, removes what network file systems may lack: renames that do not replace, locks,
// and the reply to a successful link request.
#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>

namespace {

template <typename Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

int call_fcntl(const char* name, int file, int command, void* argument) {
  if (command != F_OFD_SETLK) return real<int(int, int, ...)>(name)(file, command, argument);
  errno = ENOLCK;
  return -1;
}

}  // namespace

extern "C" {

int renameat2(int from_folder, const char* from, int to_folder, const char* to,
              unsigned flags) noexcept {
  if (flags == 0) return renameat(from_folder, from, to_folder, to);
  errno = EINVAL;
  return -1;
}

int link(const char* from, const char* to) noexcept {
  // After a lost reply, the repeated request finds the link of the first one.
  if (real<int(const char*, const char*)>("link")(from, to) == 0) errno = EEXIST;
  return -1;
}

int fcntl(int file, int command, ...) {
  va_list rest;
  va_start(rest, command);
  void* argument = va_arg(rest, void*);
  va_end(rest);
  return call_fcntl("fcntl", file, command, argument);
}

int fcntl64(int file, int command, ...) {
  va_list rest;
  va_start(rest, command);
  void* argument = va_arg(rest, void*);
  va_end(rest);
  return call_fcntl("fcntl64", file, command, argument);
}
}
