#include "sys/memory_keeper.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <climits>
#include <cstdlib>

#include "sys/fd.h"
#include "sys/result.h"

namespace tinyd {
namespace {

constexpr size_t kStackBytes = 16 * 1024;

/** What the two new processes need. They run in our memory, errno included: system calls are all that they
 * do. */
struct Keeper {
  /** Reads the end of a pipe whose writing end closes with us. */
  int reading;
  char* stackTop;
};

int keep(void*) {
  char nothing;
  syscall(SYS_read, 0, &nothing, 1);
  syscall(SYS_exit_group, 0);
  return 0;
}

/** Lets go of all that is ours, starts the keeper and leaves it to init. */
int startKeeper(void* argument) {
  const Keeper* keeper = static_cast<const Keeper*>(argument);
  if (dup2(keeper->reading, 0) == 0 && syscall(SYS_close_range, 1, UINT_MAX, 0) == 0 && chdir("/") == 0) {
    clone(keep, keeper->stackTop, CLONE_VM | CLONE_FILES | CLONE_FS, nullptr);
  }
  _exit(0);
}

}  // namespace

void keepMemoryAside() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) == -1) return;
  // The other end is closed by execve or by the end of this process, and by nothing else.
  Fd reading(ends[0]);
  char* stacks = static_cast<char*>(malloc(2 * kStackBytes));  // the keeper stands on it: never freed
  if (stacks == nullptr) return;
  Keeper keeper{reading.get(), stacks + 2 * kStackBytes};
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);  // the keeper inherits it: no handler may run in our memory
  int pid = clone(startKeeper, stacks + kStackBytes, CLONE_VM | CLONE_VFORK, &keeper);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (pid == -1) return;
  retryInterrupted([&] { return waitpid(pid, nullptr, __WALL); });
}

}  // namespace tinyd
