#include "init_reaper.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "report.h"

/** Reaps all that have ended; comes back when the program is not among them. */
static void reap(pid_t program) {
  int status;
  pid_t ended;
  while ((ended = waitpid(-1, &status, WNOHANG)) > 0) {
    if (ended != program) continue;
    _exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
  }
}

static _Noreturn void serve(pid_t program, const sigset_t* all) {
  prctl(PR_SET_NAME, "tinyd-init", 0, 0, 0);
  // Everything but stdio goes, the channel to the monitor foremost: its closing tells that the program runs.
  syscall(SYS_close_range, 3, UINT_MAX, 0);
  for (;;) {
    siginfo_t info;
    int signal = sigwaitinfo(all, &info);
    if (signal == SIGCHLD) {
      reap(program);
    } else if (signal > 0 && signal != SIGTTIN && signal != SIGTTOU) {
      kill(program, signal);
    }
  }
}

void init_reaper_split(void) {
  sigset_t all, none;
  sigfillset(&all);
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &all, NULL);
  pid_t program = fork();
  if (program == -1) fail(STAGE_EXEC, "fork");
  if (program > 0) serve(program, &all);
  // A group of its own, in the foreground of the terminal if there is one: the keyboard's signals are for it
  // alone.
  setpgid(0, 0);
  tcsetpgrp(STDIN_FILENO, getpgrp());
  sigprocmask(SIG_SETMASK, &none, NULL);
}
