#include "streams.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "clients.h"
#include "files.h"
#include "log.h"
#include "monitor.h"
#include "report.h"

/** One stream's place in the event loop. */
struct watched {
  int* fd;
  uint64_t tag;
  uint32_t events; /* what epoll waits for now; 0: not registered */
};

static struct {
  int epoll;
  bool input_ending;
  struct watched out, err, in;
} streams;

static void make_pipe(int* read_end, int* write_end) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) == -1) fail(STAGE_SYSTEM, "pipe");
  *read_end = ends[0];
  *write_end = ends[1];
}

static void unblock(int fd) {
  if (fd != -1) fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

struct process_stdio streams_make(void) {
  struct process_stdio child = {-1, -1, -1, {false, false, false}};
  if (monitor.plan.session.terminal) return child;
  make_pipe(&monitor.out, &child.out);
  make_pipe(&monitor.err, &child.err);
  child.owned[1] = child.owned[2] = true;
  if (monitor.plan.session.input == STDIN_CLOSED) {
    child.in = open_null(O_RDONLY);
    if (child.in == -1) fail(STAGE_SYSTEM, "/dev/null");
  } else {
    make_pipe(&child.in, &monitor.in);
    child.owned[0] = true;
  }
  return child;
}

void streams_close_child(const struct process_stdio* child) {
  if (child->in != -1) close(child->in);
  if (child->out != -1) close(child->out);
  if (child->err != -1) close(child->err);
}

/** Makes epoll wait for `events` on a stream. A stream that waits for nothing is taken out: a hangup would
 * spin. */
static void watch(struct watched* stream, uint32_t events) {
  if (*stream->fd == -1 || stream->events == events) return;
  struct epoll_event event = {.events = events, .data.u64 = stream->tag};
  int operation = events == 0 ? EPOLL_CTL_DEL : stream->events == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  epoll_ctl(streams.epoll, operation, *stream->fd, &event);
  stream->events = events;
}

static void close_stream(struct watched* stream) {
  watch(stream, 0);
  if (*stream->fd != -1) close(*stream->fd);
  *stream->fd = -1;
}

void streams_watch(int epoll, uint64_t out_tag, uint64_t err_tag, uint64_t in_tag) {
  streams.epoll = epoll;
  // A terminal is one descriptor both ways; epoll wants one for each.
  if (monitor.plan.session.terminal && monitor.plan.session.input != STDIN_CLOSED) {
    monitor.in = fcntl(monitor.out, F_DUPFD_CLOEXEC, 3);
  }
  unblock(monitor.out);
  unblock(monitor.err);
  unblock(monitor.in);
  streams.out = (struct watched){&monitor.out, out_tag, 0};
  streams.err = (struct watched){&monitor.err, err_tag, 0};
  streams.in = (struct watched){&monitor.in, in_tag, 0};
  streams_update();
}

/** Reads one piece. False when there is nothing more to read for now. */
static bool read_piece(struct watched* stream, bool is_stderr) {
  static char buffer[FRAME_PAYLOAD_MAX];
  if (*stream->fd == -1) return false;
  ssize_t got = read(*stream->fd, buffer, sizeof buffer);
  if (got == -1 && errno == EINTR) return true;
  if (got == -1 && errno == EAGAIN) return false;
  if (got <= 0) {  // end of file, or EIO of a terminal that nobody has open any more
    close_stream(stream);
    return false;
  }
  log_append(is_stderr ? LOG_STDERR : LOG_STDOUT, buffer, (size_t)got);
  clients_output(is_stderr ? FRAME_STDERR : FRAME_STDOUT, buffer, (size_t)got);
  return true;
}

void streams_read(bool is_stderr) {
  read_piece(is_stderr ? &streams.err : &streams.out, is_stderr);
}

void streams_write(void) {
  const uint8_t* data;
  size_t length;
  while (monitor.in != -1 && (length = clients_input(&data)) > 0) {
    ssize_t wrote = write(monitor.in, data, length);
    if (wrote == -1 && errno == EINTR) continue;
    if (wrote == -1 && errno == EAGAIN) return;
    if (wrote == -1) {
      close_stream(&streams.in);
      break;
    }
    clients_input_taken((size_t)wrote);
  }
  // Nobody reads it any more: the clients go on, as they would into a closed pipe.
  while (monitor.in == -1 && (length = clients_input(&data)) > 0) clients_input_taken(length);
}

void streams_update(void) {
  const uint8_t* data;
  bool paused = clients_blocked();
  streams_write();
  if (streams.input_ending && clients_input_drained() && !monitor.plan.session.terminal)
    close_stream(&streams.in);
  watch(&streams.out, paused ? 0 : EPOLLIN);
  watch(&streams.err, paused ? 0 : EPOLLIN);
  watch(&streams.in, clients_input(&data) > 0 ? EPOLLOUT : 0);
}

void streams_finish(void) {
  while (read_piece(&streams.out, false)) continue;
  while (read_piece(&streams.err, true)) continue;
  close_stream(&streams.in);
  close_stream(&streams.out);
  close_stream(&streams.err);
  if (monitor.slave != -1) close(monitor.slave);
  monitor.slave = -1;
}

void streams_reset(void) {
  clients_forget_input();
  streams.input_ending = false;
}

void streams_end_input(void) {
  if (monitor.plan.session.input == STDIN_ONCE) streams.input_ending = true;
}

void streams_resize(uint32_t rows, uint32_t columns) {
  struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
  if (monitor.plan.session.terminal && monitor.out != -1) ioctl(monitor.out, TIOCSWINSZ, &size);
}
