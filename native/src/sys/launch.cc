#include "sys/launch.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <climits>
#include <cstdlib>

#include "sys/fd.h"
#include "sys/memory_keeper.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

namespace tinyd {
namespace {

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> list;
  for (const std::string& string : strings) list.push_back(const_cast<char*>(string.c_str()));
  list.push_back(nullptr);
  return list;
}

/** The file as the only thing on a detached, read-only mount. */
Fd readOnlyClone(const char* path) {
  Fd tree(static_cast<int>(syscall(SYS_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC)));
  struct mount_attr attributes = {};
  attributes.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
  if (tree.valid() &&
      syscall(SYS_mount_setattr, tree.get(), "", AT_EMPTY_PATH, &attributes, sizeof attributes) == 0) {
    return tree;
  }
  return Fd();
}

Fd sealedCopy(int from) {
  unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  Fd copy(memfd_create("tinyd-init", flags | MFD_EXEC));
  if (!copy.valid() && errno == EINVAL) copy.reset(memfd_create("tinyd-init", flags));
  struct stat info;
  if (!copy.valid() || fstat(from, &info) == -1) return Fd();
  for (off_t left = info.st_size; left > 0;) {
    ssize_t sent = sendfile(copy.get(), from, nullptr, static_cast<size_t>(left));
    if (sent <= 0) return Fd();
    left -= sent;
  }
  if (fcntl(copy.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) == -1) {
    return Fd();
  }
  return copy;
}

Result<Fd> openExecutable(const std::string& path, bool sealed) {
  Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return lastFailure("open", path);
  if (!sealed) return file;
  Fd clone = readOnlyClone(path.c_str());
  if (clone.valid()) return clone;
  Fd copy = sealedCopy(file.get());
  if (copy.valid()) return copy;
  return lastFailure("memfd_create", path);
}

/** All that the new process needs, laid out beforehand: its code must not allocate. */
struct Start {
  int executable;
  char** argv;
  char** env;
  const int* fds;
  /** Room for the descriptors while they are being moved; as long as fds. */
  int* moved;
  int count;
  /** errno of the failed step; 0 while all is well. */
  volatile int error;
};

/** Moves every descriptor to its place; the sources may overlap the places. Only system calls. */
bool placeDescriptors(Start* start) {
  for (int i = 0; i < start->count; i++) {
    start->moved[i] = start->fds[i];
    if (start->fds[i] < 0) continue;
    start->moved[i] = fcntl(start->fds[i], F_DUPFD_CLOEXEC, start->count);
    if (start->moved[i] == -1) return false;
  }
  if (start->executable < start->count) {
    start->executable = fcntl(start->executable, F_DUPFD_CLOEXEC, start->count);
    if (start->executable == -1) return false;
  }
  for (int i = 0; i < start->count; i++) {
    if (start->moved[i] < 0) {
      close(i);
    } else if (dup2(start->moved[i], i) == -1) {
      return false;
    }
  }
  syscall(SYS_close_range, start->count, UINT_MAX, CLOSE_RANGE_CLOEXEC);
  return true;
}

/** The new process between clone and exec: shares the parent's memory, so that it does nothing but system
 * calls. */
int runStart(void* argument) {
  Start* start = static_cast<Start*>(argument);
  struct sigaction standard = {};
  standard.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; signal++) sigaction(signal, &standard, nullptr);
  sigset_t none;
  sigemptyset(&none);
  if (placeDescriptors(start)) {
    sigprocmask(SIG_SETMASK, &none, nullptr);
    syscall(SYS_execveat, start->executable, "", start->argv, start->env, AT_EMPTY_PATH);
  }
  start->error = errno;
  _exit(127);
}

}  // namespace

Result<Done> spawnDetached(const Launch& launch, bool sealed) {
  Result<Fd> executable = openExecutable(launch.executable, sealed);
  if (!executable.ok()) return executable.failure();
  std::vector<char*> argv = pointers(launch.argv);
  std::vector<char*> env = pointers(launch.env);
  std::vector<int> moved(launch.fds.size());
  Start start{executable.value().get(),
              argv.data(),
              env.data(),
              launch.fds.data(),
              moved.data(),
              static_cast<int>(launch.fds.size()),
              0};

  constexpr size_t kStackBytes = 64 * 1024;
  std::vector<char> stack(kStackBytes);
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);  // no handler may run in the memory that both share
  // No SIGCHLD (exit signal 0): the host program's own child handling must not notice.
  int pid = clone(runStart, stack.data() + kStackBytes, CLONE_VM | CLONE_VFORK, &start);
  int cloneError = errno;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (pid == -1) return Failure{cloneError, "clone", launch.executable};

  int status = 0;
  retryInterrupted([&] { return waitpid(pid, &status, __WALL); });
  if (start.error != 0) return Failure{start.error, "execveat", launch.executable};
  return Done{};
}

Failure replaceProcess(const Launch& launch) {
  Fd executable(open(launch.executable.c_str(), O_PATH | O_CLOEXEC));
  if (!executable.valid()) return lastFailure("open", launch.executable);
  std::vector<char*> argv = pointers(launch.argv);
  std::vector<char*> env = pointers(launch.env);
  std::vector<int> moved(launch.fds.size());
  Start start{executable.get(),
              argv.data(),
              env.data(),
              launch.fds.data(),
              moved.data(),
              static_cast<int>(launch.fds.size()),
              0};
  if (!placeDescriptors(&start)) return lastFailure("dup2", launch.executable);
  keepMemoryAside();
  syscall(SYS_execveat, start.executable, "", start.argv, start.env, AT_EMPTY_PATH);
  return lastFailure("execveat", launch.executable);
}

}  // namespace tinyd
