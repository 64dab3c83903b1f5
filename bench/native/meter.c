/*
 * meter run RESULT CMD...
 *
 * Runs a command and writes to the file RESULT, as one line of numbers: the command's exit status, seconds
 * until it ended, seconds until everything that it started had ended, its user and system time, and the peak
 * resident set of its largest process in kB. The rest is awaited for $METER_PATIENCE seconds (default: not at
 * all).
 *
 * meter nest CMD...
 *
 * Runs a daemon below itself: what the daemon loses becomes a child of the nest, so that no process and no
 * CPU time of it escapes. SIGTERM is passed on; the nest ends with the last of them.
 *
 * meter init CMD...
 *
 * Runs a command as the first process of a PID namespace: reaps what others leave, ends with it, and dies
 * with the process that started it.
 *
 * A program of its own, since a child of node starts with node's memory in its ru_maxrss, and node waits by
 * an event loop.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pid_t child;
static volatile sig_atomic_t impatient;

static void pass_on(int signal) {
  if (child > 0) kill(child, signal);
}

static void lose_patience(int signal) {
  (void)signal;
  impatient = 1;
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double seconds(struct timeval time) {
  return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static void start(char** argv) {
  prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  child = fork();
  if (child == -1) {
    perror("meter: fork");
    exit(125);
  }
  if (child > 0) return;
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  execvp(argv[0], argv);
  fprintf(stderr, "meter: %s: %s\n", argv[0], strerror(errno));
  _exit(127);
}

static int exit_status(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/** Reaps until the command has ended, and returns its status. */
static int await_command(void) {
  int status = 0;
  for (;;) {
    pid_t ended = wait(&status);
    if (ended == child) return exit_status(status);
    if (ended == -1 && errno != EINTR) return 125;
  }
}

/** Reaps what the command has left behind. A process that stays is told by its not ending within the
 * patience. */
static void await_the_rest(void) {
  const char* patience = getenv("METER_PATIENCE");
  if (!patience || atoi(patience) <= 0) return;
  struct sigaction action = {.sa_handler = lose_patience};
  sigaction(SIGALRM, &action, NULL);
  alarm((unsigned)atoi(patience));
  while (!impatient && (wait(NULL) > 0 || errno == EINTR)) continue;
}

static int run(const char* result, char** argv) {
  double started = now();
  start(argv);
  int status = await_command();
  double ended = now();
  await_the_rest();
  double settled = now();
  struct rusage usage;
  getrusage(RUSAGE_CHILDREN, &usage);
  FILE* out = fopen(result, "we");
  if (!out) return 125;
  fprintf(out, "%d %.6f %.6f %.6f %.6f %ld\n", status, ended - started, settled - started,
          seconds(usage.ru_utime), seconds(usage.ru_stime), usage.ru_maxrss);
  return fclose(out) == 0 ? 0 : 125;
}

static int nest(char** argv) {
  prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
  struct sigaction action = {.sa_handler = pass_on, .sa_flags = SA_RESTART};
  sigaction(SIGTERM, &action, NULL);
  start(argv);
  while (wait(NULL) > 0 || errno == EINTR) continue;
  return 0;
}

static int init(char** argv) {
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  struct sigaction action = {.sa_handler = pass_on, .sa_flags = SA_RESTART};
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);
  start(argv);
  return await_command();
}

int main(int argc, char** argv) {
  if (argc >= 4 && strcmp(argv[1], "run") == 0) return run(argv[2], argv + 3);
  if (argc >= 3 && strcmp(argv[1], "nest") == 0) return nest(argv + 2);
  if (argc >= 3 && strcmp(argv[1], "init") == 0) return init(argv + 2);
  fputs("usage: meter run RESULT CMD... | meter nest CMD... | meter init CMD...\n", stderr);
  return 2;
}
