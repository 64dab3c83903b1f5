#include "attach.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "attach_keys.h"
#include "attach_output.h"
#include "attach_terminal.h"
#include "frames.h"

#define SOCKET_FD 5
/** Of input, at once. */
#define STEP_BYTES 4096

static struct {
  int socket;
  bool wants_stdin, wants_stdout, wants_stderr, tty, redraw, proxy;
  bool watches; /* stdin is a terminal that is to bring the detach keys, whatever becomes of the rest */
  struct attach_keys keys;
  uint32_t window;
  int signals;
} attach = {.socket = SOCKET_FD, .window = FRAME_WINDOW};

static _Noreturn void finish(int status) {
  attach_terminal_restore();
  exit(status);
}

static _Noreturn void finish_with(const char* message, const char* detail) {
  attach_terminal_restore();
  fprintf(stderr, "tinyd: %s%s\n", message, detail);
  exit(1);
}

/** Ends by a signal, as the shell is used to see it. */
static _Noreturn void finish_by(int number) {
  sigset_t one;
  attach_terminal_restore();
  signal(number, SIG_DFL);
  sigemptyset(&one);
  sigaddset(&one, number);
  sigprocmask(SIG_UNBLOCK, &one, NULL);
  raise(number);
  exit(128 + number);
}

/** Frames to the monitor are small and it always reads: blocking is no danger. Its end shows when reading. */
static void send_all(const void* data, size_t length) {
  const char* at = data;
  while (length > 0) {
    ssize_t sent = send(attach.socket, at, length, MSG_NOSIGNAL);
    if (sent == -1 && errno == EINTR) continue;
    if (sent == -1 && errno == EAGAIN) {
      struct pollfd ready = {.fd = attach.socket, .events = POLLOUT};
      poll(&ready, 1, -1);
      continue;
    }
    if (sent == -1) return;
    at += sent;
    length -= (size_t)sent;
  }
}

static void send_frame(enum frame_type type, const void* data, size_t length) {
  uint8_t frame[sizeof(struct frame_header) + STEP_BYTES + ATTACH_KEYS_MOST];
  struct frame_header header = {.type = (uint8_t)type, .length = (uint32_t)length};
  memcpy(frame, &header, sizeof header);
  if (length > 0) memcpy(frame + sizeof header, data, length);
  send_all(frame, sizeof header + length);
}

static void send_size(uint32_t more_rows) {
  uint32_t size[2];
  if (!attach_terminal_size(&size[0], &size[1])) return;
  size[0] += more_rows;
  send_frame(FRAME_RESIZE, size, sizeof size);
}

static void take_terminal(void) {
  if (attach.tty) attach_terminal_raw();
  if (attach.watches) attach_terminal_watch(&attach.keys, attach.wants_stdin);
}

/** Whether there is a use for input now. */
static bool takes_input(void) {
  if (attach.watches && !attach_terminal_may_read()) return false;
  return attach.wants_stdin ? attach.window > attach.keys.matched : attach.watches;
}

static void end_input(void) {
  attach.watches = false;
  if (!attach.wants_stdin) return;
  attach.wants_stdin = false;
  send_frame(FRAME_STDIN_END, NULL, 0);
}

static void pass_input(void) {
  uint8_t typed[STEP_BYTES], passed[STEP_BYTES + ATTACH_KEYS_MOST];
  size_t room = attach.wants_stdin ? attach.window - attach.keys.matched : sizeof typed, length;
  ssize_t got = read(STDIN_FILENO, typed, room < sizeof typed ? room : sizeof typed);
  if (got == -1 && (errno == EINTR || errno == EAGAIN)) return;
  if (got <= 0) return end_input();
  bool detach = attach_keys_filter(&attach.keys, typed, (size_t)got, passed, &length);
  if (attach.wants_stdin) {
    if (length > 0) send_frame(FRAME_STDIN, passed, length);
    attach.window -= (uint32_t)length;
  }
  if (!detach) return;
  send_frame(FRAME_DETACH, NULL, 0);
  attach_terminal_restore();
  fputs("read escape sequence\n", stderr);
  finish(0);
}

static void handle_signal(void) {
  struct signalfd_siginfo info;
  if (read(attach.signals, &info, sizeof info) != sizeof info) return;
  int number = (int)info.ssi_signo;
  if (number == SIGWINCH) {
    if (attach.tty) send_size(0);
  } else if (number == SIGTSTP) {
    attach_terminal_restore();
    raise(SIGSTOP);
  } else if (number == SIGCONT) {
    take_terminal();
    if (attach.tty) send_size(0);
  } else if (attach.proxy && !attach.tty) {
    uint32_t word = (uint32_t)number;
    send_frame(FRAME_SIGNAL, &word, sizeof word);
  } else {
    finish_by(number);
  }
}

/** One round: waits for whatever can go on. Output that is not taken holds the socket back, never the
 * signals. */
static void serve(void) {
  int blocked = attach_output_show();
  struct pollfd ready[] = {
      {.fd = attach.signals, .events = POLLIN},
      {.fd = takes_input() ? STDIN_FILENO : -1, .events = POLLIN},
      {.fd = blocked == -1 ? attach.socket : -1, .events = POLLIN},
      {.fd = blocked, .events = POLLOUT},
  };
  if (poll(ready, 4, -1) <= 0) return;
  if (ready[0].revents) handle_signal();
  if (ready[1].revents) pass_input();
  if (ready[2].revents) attach_output_receive();
}

static void connect_to(const char* path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int file = open(path, O_PATH | O_CLOEXEC);
  attach.socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  // Named through its descriptor: the path may be longer than a socket address can hold.
  snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d", file);
  if (file == -1 || connect(attach.socket, (struct sockaddr*)&address, sizeof address) == -1) {
    finish_with("attach: the container is not running: ", strerror(errno));
  }
  close(file);
}

static void read_options(int argc, char** argv) {
  for (int i = 2; i < argc; i++) {
    const char* option = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : "";
    if (strcmp(option, "--stdin") == 0) {
      attach.wants_stdin = true;
    } else if (strcmp(option, "--stdout") == 0) {
      attach.wants_stdout = true;
    } else if (strcmp(option, "--stderr") == 0) {
      attach.wants_stderr = true;
    } else if (strcmp(option, "--tty") == 0) {
      attach.tty = true;
    } else if (strcmp(option, "--watch-keys") == 0) {
      attach.watches = true;
    } else if (strcmp(option, "--redraw") == 0) {
      attach.redraw = true;
    } else if (strcmp(option, "--sig-proxy") == 0) {
      attach.proxy = true;
    } else if (strcmp(option, "--socket") == 0 && i++ < argc) {
      connect_to(value);
    } else if (strcmp(option, "--detach-keys") == 0 && i++ < argc && attach_keys_parse(&attach.keys, value)) {
      continue;
    } else {
      finish_with("attach: bad option: ", option);
    }
  }
}

/** Signals that the user may mean for us, or for the container; the rest keep their meaning. */
static void take_signals(void) {
  static const int never[] = {SIGCHLD, SIGPIPE, SIGURG,  SIGTTIN, SIGTTOU, SIGSEGV, SIGBUS,  SIGFPE,
                              SIGILL,  SIGSYS,  SIGTRAP, SIGABRT, SIGIO,   SIGPWR,  SIGXCPU, SIGXFSZ};
  sigset_t wanted;
  sigfillset(&wanted);
  for (unsigned i = 0; i < sizeof never / sizeof *never; i++) sigdelset(&wanted, never[i]);
  for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
  signal(SIGPIPE, SIG_IGN);
  sigprocmask(SIG_SETMASK, &wanted, NULL);
  attach.signals = signalfd(-1, &wanted, SFD_CLOEXEC);
  if (attach.signals == -1) finish_with("attach: signalfd: ", strerror(errno));
}

static void open_window(uint32_t bytes) {
  attach.window += bytes;
}

static _Noreturn void finish_unread(void) {
  finish_by(SIGPIPE);
}

static const struct attach_output_events output_events = {
    .window = open_window, .ended = finish, .failed = finish_with, .unread = finish_unread};

int attach_main(int argc, char** argv) {
  take_signals();
  read_options(argc, argv);
  attach_output_init(attach.socket, attach.wants_stdout, attach.wants_stderr, &output_events);
  uint32_t wants = (attach.wants_stdin ? FRAME_WANTS_STDIN : 0) |
                   (attach.wants_stdout ? FRAME_WANTS_STDOUT : 0) |
                   (attach.wants_stderr ? FRAME_WANTS_STDERR : 0);
  send_frame(FRAME_HELLO, &wants, sizeof wants);
  if (attach.keys.length == 0) attach.watches = false;
  take_terminal();
  if (attach.tty) {
    if (attach.redraw) send_size(1);
    send_size(0);
  }
  for (;;) serve();
}
