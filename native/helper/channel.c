#include "channel.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pair.h"

static int monitor_fd = -1;

int channel_open(int ends[2]) {
  return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends);
}

static void send_message(int fd, const struct channel_message* message) {
  size_t length = offsetof(struct channel_message, text) + strlen(message->text) + 1;
  while (send(fd, message, length, MSG_NOSIGNAL) == -1 && errno == EINTR) continue;
}

static _Noreturn void send_failure(enum report_stage stage, int error, const char* operand) {
  struct channel_message message = {.kind = CHANNEL_FAILED, .stage = stage, .error = error};
  snprintf(message.text, sizeof message.text, "%s", operand);
  send_message(monitor_fd, &message);
  _exit(1);
}

static void send_warning(const char* text) {
  struct channel_message message = {.kind = CHANNEL_WARNING};
  snprintf(message.text, sizeof message.text, "%s", text);
  send_message(monitor_fd, &message);
}

void channel_report_to(int fd) {
  monitor_fd = fd;
  report_to = (struct report_to){.failed = send_failure, .warned = send_warning};
}

void channel_send(int fd, enum channel_kind kind, int32_t value) {
  struct channel_message message = {.kind = kind, .value = value};
  send_message(fd, &message);
}

int channel_send_pair(int fd, enum channel_kind kind, int first, int second) {
  struct channel_message message = {.kind = kind};
  int pair[2] = {first, second};
  return pair_send(fd, &message, offsetof(struct channel_message, text) + 1, pair) == -1 ? -1 : 0;
}

void channel_receive(int fd, struct channel_message* message, int fds[2]) {
  memset(message, 0, sizeof *message);
  ssize_t length;
  do {
    // ECONNRESET: the other side ended without having read all we sent. What it sent is still there to read.
    length = pair_receive(fd, message, sizeof *message, 0, fds);
  } while (length == -1 && (errno == EINTR || errno == ECONNRESET));
  if (length <= 0) message->kind = CHANNEL_CLOSED;
  message->text[sizeof message->text - 1] = '\0';
}

bool channel_has_failure(int fd, struct channel_message* message) {
  struct pollfd ready = {.fd = fd, .events = POLLIN};
  while (fd != -1 && poll(&ready, 1, 0) == 1 && (ready.revents & POLLIN)) {
    int fds[2];
    channel_receive(fd, message, fds);
    if (message->kind == CHANNEL_FAILED) return true;
    if (message->kind == CHANNEL_CLOSED) return false;
  }
  return false;
}
