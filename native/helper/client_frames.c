#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "client.h"
#include "pair.h"

static void refuse(struct client* client, const char* reason) {
  client_send(client, FRAME_ERROR, reason, strlen(reason));
  client_drop(client);
}

static void greet(struct client* client, uint32_t wants) {
  client->greeted = true;
  client->wants = wants;
  client->feeds = (wants & FRAME_WANTS_STDIN) != 0;
}

static void reload(struct client* client) {
  struct {
    uint32_t error;
    char operand[128];
  } answer = {0};
  answer.error = client_events()->reload(answer.operand, sizeof answer.operand);
  client_send(client, FRAME_RELOADED, &answer, sizeof answer.error + strlen(answer.operand));
}

static void take_resolver(struct client* client) {
  if (client->passed[0] == -1) return refuse(client, "expected two descriptors");
  if (!client_events()->resolver(client->passed[0], client->passed[1])) {
    return refuse(client, "cannot take the resolver over");
  }
  client->passed[0] = client->passed[1] = -1;
  client_send(client, FRAME_RESOLVER, NULL, 0);
  client_drop(client);
}

/** Acts on a whole frame other than FRAME_STDIN. */
static void handle_frame(struct client* client) {
  uint32_t words[CLIENT_SMALL_PAYLOAD / 4] = {0};
  memcpy(words, client->small, client->header.length);
  if (!client->greeted && client->header.type != FRAME_HELLO) return refuse(client, "expected hello");
  switch (client->header.type) {
    case FRAME_HELLO:
      return greet(client, words[0]);
    case FRAME_STDIN_END:
      return client_end_input(client);
    case FRAME_RESIZE:
      return client_events()->resize(words[0], words[1]);
    case FRAME_SIGNAL:
      return client_events()->signal(words[0]);
    case FRAME_RELOAD:
      return reload(client);
    case FRAME_DETACH:
      client->feeds = false;  // the container's stdin stays open for the next one
      return client_drop(client);
    case FRAME_RESOLVER:
      return take_resolver(client);
    default:
      return refuse(client, "unknown frame");
  }
}

/** Takes a piece of input. Ignored after the end of input; more than the window is a fault of the client. */
static void take_input(struct client* client, const uint8_t* data, size_t length) {
  if (!client->greeted) return refuse(client, "expected hello");
  if (client->input == NULL) client->input = malloc(FRAME_WINDOW);
  if (client->input == NULL || client->input_length + length > FRAME_WINDOW)
    return refuse(client, "input window exceeded");
  if (client->input_start + client->input_length + length > FRAME_WINDOW) {
    memmove(client->input, client->input + client->input_start, client->input_length);
    client->input_start = 0;
  }
  if (client->input_ended) return;
  memcpy(client->input + client->input_start + client->input_length, data, length);
  client->input_length += length;
}

/** Feeds received bytes to the frame parser. */
static void parse(struct client* client, const uint8_t* data, size_t length) {
  while (length > 0 && client->fd != -1) {
    if (client->header_got < sizeof client->header) {
      size_t span = sizeof client->header - client->header_got;
      if (span > length) span = length;
      memcpy((uint8_t*)&client->header + client->header_got, data, span);
      client->header_got += span;
      client->payload_got = 0;
      data += span;
      length -= span;
      if (client->header_got < sizeof client->header) return;
      size_t most = client->header.type == FRAME_STDIN ? FRAME_PAYLOAD_MAX : CLIENT_SMALL_PAYLOAD;
      if (client->header.length > most) return refuse(client, "frame too long");
    }
    size_t span = client->header.length - client->payload_got;
    if (span > length) span = length;
    if (client->header.type == FRAME_STDIN) {
      if (span > 0) take_input(client, data, span);
    } else {
      memcpy(client->small + client->payload_got, data, span);
    }
    client->payload_got += span;
    data += span;
    length -= span;
    if (client->payload_got < client->header.length) return;
    client->header_got = 0;
    if (client->header.type != FRAME_STDIN && client->fd != -1) handle_frame(client);
  }
}

/** Receives a piece, and the descriptors that came with it. */
static ssize_t receive(struct client* client, void* buffer, size_t size) {
  int passed[2];
  ssize_t got = pair_receive(client->fd, buffer, size, MSG_DONTWAIT, passed);
  if (passed[0] == -1) return got;
  client_close_passed(client);
  memcpy(client->passed, passed, sizeof passed);
  return got;
}

void client_receive(struct client* client) {
  static uint8_t buffer[FRAME_PAYLOAD_MAX];
  ssize_t got = receive(client, buffer, sizeof buffer);
  if (got == -1 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return client_drop(client);
  if (client->told_end) return;  // it was meant for a process that has ended
  parse(client, buffer, (size_t)got);
}
