#include "clients.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "pair.h"

#define MOST_CLIENTS 64
#define SMALL_PAYLOAD 16

struct client {
  int fd; /* -1: free */
  bool greeted;
  bool feeds; /* its end of input is the end of stdin, where stdin takes one feeder only */
  bool input_ended;
  bool told_end;
  uint32_t wants;

  /* the frame being received */
  struct frame_header header;
  size_t header_got;
  size_t payload_got;
  uint8_t small[SMALL_PAYLOAD];
  int passed[2]; /* descriptors that came along; -1: none */

  uint8_t* input; /* FRAME_WINDOW bytes, made on first use */
  size_t input_start, input_length;

  uint8_t* pending; /* what the client has not taken yet */
  size_t pending_start, pending_length;
};

static struct {
  int epoll;
  uint64_t first_tag;
  const struct clients_events* events;
  unsigned next_input; /* whose turn it is */
  bool feeder_gone;
  struct client all[MOST_CLIENTS];
} clients;

void clients_init(int epoll, uint64_t first_tag, const struct clients_events* events) {
  clients.epoll = epoll;
  clients.first_tag = first_tag;
  clients.events = events;
  for (unsigned i = 0; i < MOST_CLIENTS; i++) clients.all[i].fd = -1;
}

static void close_passed(struct client* client) {
  for (unsigned i = 0; i < 2; i++) {
    if (client->passed[i] != -1) close(client->passed[i]);
    client->passed[i] = -1;
  }
}

/** The socket is gone; input that came before is still passed on. */
static void drop(struct client* client) {
  if (client->fd == -1) return;
  close(client->fd);
  client->fd = -1;
  close_passed(client);
  free(client->pending);
  client->pending = NULL;
  client->pending_length = 0;
  if (client->input_length == 0) {
    free(client->input);
    client->input = NULL;
  }
  if (client->feeds && !client->input_ended) {
    client->input_ended = true;
    clients.feeder_gone = true;
    clients.events->input_ended();
  }
}

static void watch(struct client* client) {
  struct epoll_event event = {.events = EPOLLIN | (client->pending_length > 0 ? (uint32_t)EPOLLOUT : 0u),
                              .data.u64 = clients.first_tag + (uint64_t)(client - clients.all)};
  epoll_ctl(clients.epoll, EPOLL_CTL_MOD, client->fd, &event);
}

/** Keeps what the socket did not take. */
static void keep(struct client* client, const struct iovec* parts, int count, size_t skip) {
  size_t total = 0;
  for (int i = 0; i < count; i++) total += parts[i].iov_len;
  uint8_t* grown = malloc(client->pending_length + total - skip);
  if (grown == NULL) return drop(client);
  if (client->pending_length > 0)
    memcpy(grown, client->pending + client->pending_start, client->pending_length);
  size_t at = client->pending_length;
  for (int i = 0; i < count; i++) {
    size_t from = skip < parts[i].iov_len ? skip : parts[i].iov_len;
    memcpy(grown + at, (const uint8_t*)parts[i].iov_base + from, parts[i].iov_len - from);
    at += parts[i].iov_len - from;
    skip -= from;
  }
  free(client->pending);
  client->pending = grown;
  client->pending_start = 0;
  client->pending_length = at;
  watch(client);
}

static void send_frame(struct client* client, enum frame_type type, const void* data, size_t length) {
  struct frame_header header = {.type = (uint8_t)type, .length = (uint32_t)length};
  struct iovec parts[2] = {{&header, sizeof header}, {(void*)data, length}};
  struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
  if (client->fd == -1) return;
  ssize_t sent = 0;
  if (client->pending_length == 0) sent = sendmsg(client->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent == -1 && errno != EAGAIN && errno != EINTR) return drop(client);
  if (sent == -1) sent = 0;
  if ((size_t)sent < sizeof header + length) keep(client, parts, 2, (size_t)sent);
}

static void send_pending(struct client* client) {
  while (client->pending_length > 0) {
    ssize_t sent = send(client->fd, client->pending + client->pending_start, client->pending_length,
                        MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent == -1 && errno == EINTR) continue;
    if (sent == -1 && errno == EAGAIN) return;
    if (sent == -1) return drop(client);
    client->pending_start += (size_t)sent;
    client->pending_length -= (size_t)sent;
  }
  free(client->pending);
  client->pending = NULL;
  watch(client);
}

static void refuse(struct client* client, const char* reason) {
  send_frame(client, FRAME_ERROR, reason, strlen(reason));
  drop(client);
}

void clients_add(int fd, bool trusted_first) {
  struct client* client = NULL;
  for (unsigned i = 0; i < MOST_CLIENTS && client == NULL; i++) {
    // A slot whose input is not passed on yet is not free.
    if (clients.all[i].fd == -1 && clients.all[i].input_length == 0) client = &clients.all[i];
  }
  if (client == NULL) {
    close(fd);
    return;
  }
  free(client->input);
  *client = (struct client){.fd = fd, .passed = {-1, -1}};
  if (trusted_first) {
    client->wants = FRAME_WANTS_STDOUT | FRAME_WANTS_STDERR;
    client->feeds = true;
  }
  struct epoll_event event = {.events = EPOLLIN,
                              .data.u64 = clients.first_tag + (uint64_t)(client - clients.all)};
  if (epoll_ctl(clients.epoll, EPOLL_CTL_ADD, fd, &event) == -1) drop(client);
}

void clients_accept(int listener) {
  for (;;) {
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd == -1 && errno == EINTR) continue;
    if (fd == -1) return;
    clients_add(fd, false);
  }
}

static void end_input(struct client* client) {
  if (client->input_ended) return;
  client->input_ended = true;
  if (!client->feeds) return;
  clients.feeder_gone = true;
  clients.events->input_ended();
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
  answer.error = clients.events->reload(answer.operand, sizeof answer.operand);
  send_frame(client, FRAME_RELOADED, &answer, sizeof answer.error + strlen(answer.operand));
}

static void take_resolver(struct client* client) {
  if (client->passed[0] == -1) return refuse(client, "expected two descriptors");
  if (!clients.events->resolver(client->passed[0], client->passed[1])) {
    return refuse(client, "cannot take the resolver over");
  }
  client->passed[0] = client->passed[1] = -1;
  send_frame(client, FRAME_RESOLVER, NULL, 0);
  drop(client);
}

/** Acts on a whole frame other than FRAME_STDIN. */
static void handle_frame(struct client* client) {
  uint32_t words[SMALL_PAYLOAD / 4] = {0};
  memcpy(words, client->small, client->header.length);
  if (!client->greeted && client->header.type != FRAME_HELLO) return refuse(client, "expected hello");
  switch (client->header.type) {
    case FRAME_HELLO:
      return greet(client, words[0]);
    case FRAME_STDIN_END:
      return end_input(client);
    case FRAME_RESIZE:
      return clients.events->resize(words[0], words[1]);
    case FRAME_SIGNAL:
      return clients.events->signal(words[0]);
    case FRAME_RELOAD:
      return reload(client);
    case FRAME_DETACH:
      client->feeds = false;  // the container's stdin stays open for the next one
      return drop(client);
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
      size_t most = client->header.type == FRAME_STDIN ? FRAME_PAYLOAD_MAX : SMALL_PAYLOAD;
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
  close_passed(client);
  memcpy(client->passed, passed, sizeof passed);
  return got;
}

void clients_ready(uint64_t tag, uint32_t epoll_events) {
  static uint8_t buffer[FRAME_PAYLOAD_MAX];
  struct client* client = &clients.all[tag - clients.first_tag];
  if (client->fd != -1 && (epoll_events & EPOLLOUT)) send_pending(client);
  if (client->fd == -1 || !(epoll_events & (EPOLLIN | EPOLLHUP | EPOLLERR))) return;
  ssize_t got = receive(client, buffer, sizeof buffer);
  if (got == -1 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return drop(client);
  if (client->told_end) return;  // it was meant for a process that has ended
  parse(client, buffer, (size_t)got);
}

void clients_output(enum frame_type type, const void* data, size_t length) {
  uint32_t flag = type == FRAME_STDERR ? FRAME_WANTS_STDERR : FRAME_WANTS_STDOUT;
  for (unsigned i = 0; i < MOST_CLIENTS; i++) {
    if (clients.all[i].fd != -1 && (clients.all[i].wants & flag))
      send_frame(&clients.all[i], type, data, length);
  }
}

bool clients_blocked(void) {
  for (unsigned i = 0; i < MOST_CLIENTS; i++) {
    if (clients.all[i].pending_length > 0 && !clients.all[i].told_end) return true;
  }
  return false;
}

bool clients_owed(void) {
  for (unsigned i = 0; i < MOST_CLIENTS; i++) {
    if (clients.all[i].pending_length > 0) return true;
  }
  return false;
}

size_t clients_input(const uint8_t** data) {
  for (unsigned i = 0; i < MOST_CLIENTS; i++) {
    struct client* client = &clients.all[(clients.next_input + i) % MOST_CLIENTS];
    if (client->input_length == 0) continue;
    clients.next_input = (unsigned)(client - clients.all);
    *data = client->input + client->input_start;
    return client->input_length;
  }
  return 0;
}

void clients_input_taken(size_t length) {
  struct client* client = &clients.all[clients.next_input];
  uint32_t opened = (uint32_t)length;
  client->input_start += length;
  client->input_length -= length;
  if (client->input_length == 0) client->input_start = 0;
  send_frame(client, FRAME_WINDOW_OPEN, &opened, sizeof opened);
  clients.next_input = (clients.next_input + 1) % MOST_CLIENTS;
}

bool clients_input_drained(void) {
  const uint8_t* data;
  return clients.feeder_gone && clients_input(&data) == 0;
}

void clients_exit(uint32_t exit_code, uint32_t signal, bool out_of_memory) {
  uint32_t words[3] = {exit_code, signal, out_of_memory};
  for (unsigned i = 0; i < MOST_CLIENTS; i++) {
    struct client* client = &clients.all[i];
    if (client->fd == -1 || client->told_end) continue;
    send_frame(client, FRAME_EXIT, words, sizeof words);
    client->told_end = client->input_ended = true;
    client->feeds = false;
    client->wants = 0;
  }
}

void clients_forget_input(void) {
  for (unsigned i = 0; i < MOST_CLIENTS; i++) {
    struct client* client = &clients.all[i];
    if (client->told_end || client->fd == -1) client->input_start = client->input_length = 0;
  }
  clients.feeder_gone = false;
}

bool clients_present(void) {
  for (unsigned i = 0; i < MOST_CLIENTS; i++) {
    if (clients.all[i].fd != -1) return true;
  }
  return false;
}
