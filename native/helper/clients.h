#ifndef TINYD_CLIENTS_H
#define TINYD_CLIENTS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frames.h"

/*
 * The attach clients of one container. What a client sends is bounded by its window; what it does not read is
 * bounded by pausing the container's output (clients_blocked), so that nothing is lost and nothing grows.
 */

/** What the clients ask of the session. */
struct clients_events {
  void (*resize)(uint32_t rows, uint32_t columns);
  void (*signal)(uint32_t number);
  /** The client that fed stdin has sent all it had, or has left. */
  void (*input_ended)(void);
  /** The plan in force was replaced. 0, or an errno and its operand. */
  uint32_t (*reload)(char* operand, size_t size);
  /** Takes over a resolver's sockets, UDP and listening TCP; false: it cannot, and the caller closes them. */
  bool (*resolver)(int udp, int listener);
};

void clients_init(int epoll, uint64_t first_tag, const struct clients_events* events);

/** Takes over a connected socket. `trusted_first`: gets all output at once, without having said hello. */
void clients_add(int fd, bool trusted_first);

/** Accepts all who wait on the listening socket. */
void clients_accept(int listener);

/** Handles readiness of the client with this tag. */
void clients_ready(uint64_t tag, uint32_t epoll_events);

/** Sends a piece of output, at most FRAME_PAYLOAD_MAX bytes, to all who want it. */
void clients_output(enum frame_type type, const void* data, size_t length);

/** True while some client of this run has not taken what was sent to it. */
bool clients_blocked(void);

/** True while anybody has not taken what was sent, also clients that know the end. */
bool clients_owed(void);

/** Input that waits to be passed on: its start and length, from one client after the other. 0: none. */
size_t clients_input(const uint8_t** data);

/** Says that so many bytes of what clients_input() gave were passed on. */
void clients_input_taken(size_t length);

/** True when no client holds input any more and the feeding one has ended: stdin may be closed. */
bool clients_input_drained(void);

/** Tells everybody the end of this run. They get nothing of a later one. */
void clients_exit(uint32_t exit_code, uint32_t signal, bool out_of_memory);

/** Prepares for the process to be started again: what the clients of the run before sent is forgotten. */
void clients_forget_input(void);

/** True while somebody is connected. */
bool clients_present(void);

#endif
