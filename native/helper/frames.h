#ifndef TINYD_FRAMES_H
#define TINYD_FRAMES_H
#include <stdint.h>

/*
 * What attach clients and the monitor say to each other on attach.sock: frames of a header and at most 64
 * KiB. All numbers little-endian u32. The TypeScript side is packages/runtime/src/attach-protocol.ts.
 */

struct frame_header {
  uint8_t type;
  uint8_t zero[3];
  uint32_t length;
};

#define FRAME_PAYLOAD_MAX (64u * 1024)

/** How much input a client may send before the monitor says that it passed some of it on. */
#define FRAME_WINDOW (64u * 1024)

enum frame_type {
  /* client to monitor */
  FRAME_HELLO = 1,     /* flags: FRAME_WANTS_*; first of all frames */
  FRAME_STDIN = 2,     /* input */
  FRAME_STDIN_END = 3, /* no more input from this client */
  FRAME_RESIZE = 4,    /* rows, columns */
  FRAME_SIGNAL = 5,    /* signal number, for the container's process */
  FRAME_DETACH = 6,    /* leaves, and the container goes on */
  FRAME_RELOAD = 7,    /* the plan in force was replaced: hold the ports it names */
  FRAME_RESOLVER = 8, /* with two descriptors, its sockets; comes back once the monitor has taken them over */
  /* monitor to client */
  FRAME_STDOUT = 65,
  FRAME_STDERR = 66,
  FRAME_WINDOW_OPEN = 67, /* so many bytes of input were passed on: as many more may be sent */
  FRAME_EXIT = 68,        /* exit code, signal, out of memory; last of all frames */
  FRAME_ERROR = 69,       /* text */
  FRAME_RELOADED = 70,    /* errno (0: done) and what it is about */
};

/** Flags of FRAME_HELLO. None of them: a client that only waits for the end. */
#define FRAME_WANTS_STDIN 1u
#define FRAME_WANTS_STDOUT 2u
#define FRAME_WANTS_STDERR 4u

#endif
