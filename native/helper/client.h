#ifndef TINYD_CLIENT_H
#define TINYD_CLIENT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clients.h"

/* One attach client, seen from the inside: for clients.c, client_frames.c and client_output.c only. */

#define CLIENT_SMALL_PAYLOAD 16

struct client {
  int fd; /* -1: gone; its slot is free once its input is passed on, too */
  bool greeted;
  bool feeds; /* its end of input is the end of stdin, where stdin takes one feeder only */
  bool input_ended;
  bool told_end;
  uint32_t wants; /* FRAME_WANTS_* */

  /* the frame being received */
  struct frame_header header;
  size_t header_got;
  size_t payload_got;
  uint8_t small[CLIENT_SMALL_PAYLOAD]; /* the payload of all frames but FRAME_STDIN */
  int passed[2];                       /* descriptors that came along; -1: none */

  uint8_t* input; /* FRAME_WINDOW bytes, made on first use */
  size_t input_start, input_length;

  uint8_t* pending; /* what the client has not taken yet */
  size_t pending_start, pending_length;
};

/** Sends a frame; what the socket does not take at once is kept and sent when it is ready. */
void client_send(struct client* client, enum frame_type type, const void* data, size_t length);

/** Sends what was kept. */
void client_send_pending(struct client* client);

/** Takes what has arrived, and acts on the frames that it completes. */
void client_receive(struct client* client);

/** The socket is gone; input that came before is still passed on. */
void client_drop(struct client* client);

/** The client sends no more input. */
void client_end_input(struct client* client);

/** Asks to be woken when the client sends something, or also when it can take more. */
void client_watch(struct client* client);

/** Closes the descriptors that came along and that nobody has taken. */
void client_close_passed(struct client* client);

/** What the clients ask of the session. */
const struct clients_events* client_events(void);

#endif
