#include "attach_output.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "frames.h"

/** A pipe that polls as writable takes this much without blocking (PIPE_BUF). */
#define STEP_BYTES 4096

static struct {
  int socket;
  bool wants_stdout, wants_stderr;
  const struct attach_output_events* events;

  /* the frame that is coming in */
  struct frame_header header;
  size_t header_got;
  size_t payload_left;
  uint8_t words[12];
  char error[256];

  uint8_t buffer[FRAME_PAYLOAD_MAX]; /* received, not looked at yet */
  size_t at, filled;
} output;

void attach_output_init(int socket, bool wants_stdout, bool wants_stderr,
                        const struct attach_output_events* events) {
  output.socket = socket;
  output.wants_stdout = wants_stdout;
  output.wants_stderr = wants_stderr;
  output.events = events;
}

/** Acts on a whole frame that is no output. */
static void handle_frame(void) {
  uint32_t words[3];
  memcpy(words, output.words, sizeof words);
  switch (output.header.type) {
    case FRAME_WINDOW_OPEN:
      output.events->window(words[0]);
      break;
    case FRAME_EXIT:
      output.events->ended((int)words[0]);
      break;
    case FRAME_ERROR:
      output.events->failed("attach: the monitor refused: ", output.error);
      break;
    default:
      break;
  }
}

/** Where the payload of the current frame goes: a descriptor, or -1 when it is not shown. */
static int output_of(uint8_t type) {
  if (type == FRAME_STDOUT && output.wants_stdout) return STDOUT_FILENO;
  if (type == FRAME_STDERR && output.wants_stderr) return STDERR_FILENO;
  return -1;
}

static bool is_output(uint8_t type) {
  return type == FRAME_STDOUT || type == FRAME_STDERR;
}

/** Writes a piece of output. 0: the descriptor takes nothing now. */
static size_t show(int fd, const uint8_t* data, size_t length) {
  ssize_t wrote = write(fd, data, length < STEP_BYTES ? length : STEP_BYTES);
  if (wrote == -1 && (errno == EAGAIN || errno == EINTR)) return 0;
  if (wrote == -1 && errno == EPIPE) output.events->unread();
  return wrote == -1 ? length : (size_t)wrote;  // a stream that is closed or broken swallows its output
}

static void keep_payload(const uint8_t* data, size_t length) {
  size_t done = output.header.length - output.payload_left;
  for (size_t i = 0; i < length; i++, done++) {
    if (done < sizeof output.words) output.words[done] = data[i];
    if (done < sizeof output.error - 1) output.error[done] = (char)data[i];
  }
  output.error[done < sizeof output.error ? done : sizeof output.error - 1] = '\0';
}

/** Looks at one more piece of what was received. Returns the descriptor to wait for, or -1 when it went on.
 */
static int take_piece(void) {
  size_t left = output.filled - output.at;
  if (output.header_got < sizeof output.header) {
    size_t span = sizeof output.header - output.header_got;
    if (span > left) span = left;
    memcpy((uint8_t*)&output.header + output.header_got, output.buffer + output.at, span);
    output.header_got += span;
    output.at += span;
    output.payload_left = output.header.length;
    if (output.header_got < sizeof output.header || output.payload_left > 0) return -1;
  } else {
    size_t span = output.payload_left < left ? output.payload_left : left;
    int fd = output_of(output.header.type);
    if (fd != -1) {
      span = show(fd, output.buffer + output.at, span);
      if (span == 0) return fd;
    } else if (!is_output(output.header.type)) {
      keep_payload(output.buffer + output.at, span);
    }
    output.at += span;
    output.payload_left -= span;
    if (output.payload_left > 0) return -1;
  }
  output.header_got = 0;
  if (!is_output(output.header.type)) handle_frame();
  return -1;
}

int attach_output_show(void) {
  while (output.at < output.filled) {
    struct pollfd ready = {.fd = output_of(output.header.type), .events = POLLOUT};
    // Blocking descriptors are asked first: a full pipe must not stop us from passing signals on.
    bool is_payload = output.header_got == sizeof output.header && ready.fd != -1;
    if (is_payload && poll(&ready, 1, 0) == 0) return ready.fd;
    int blocked = take_piece();
    if (blocked != -1) return blocked;
  }
  return -1;
}

void attach_output_receive(void) {
  ssize_t got = recv(output.socket, output.buffer, sizeof output.buffer, MSG_DONTWAIT);
  if (got == -1 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return output.events->failed("the monitor of the container ended without an exit status", "");
  output.at = 0;
  output.filled = (size_t)got;
}
