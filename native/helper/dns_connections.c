#include "dns_connections.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dns_message.h"

#define MOST_CONNECTIONS 16
/** Questions of one connection that wait for their answers. */
#define MOST_OUTSTANDING 8
/** What all connections together have not taken yet. Who takes it beyond that is closed. */
#define OUTPUT_MOST (256u << 10)
#define PREFIX_BYTES 2
#define IDLE_MS 10000
/** One that has been silent for so long gives way when another one waits. */
#define YIELD_MS 1000

struct connection {
  bool used;
  int fd;
  uint32_t generation;
  uint32_t events; /* what epoll waits for */
  int64_t active_at;
  bool input_ended;
  unsigned outstanding;
  size_t got;
  uint8_t input[PREFIX_BYTES + DNS_QUERY_BYTES];
  uint8_t* output;
  size_t output_start, output_length;
};

static struct {
  unsigned count;
  bool paused; /* somebody waits to be accepted */
  size_t output;
  struct connection all[MOST_CONNECTIONS];
} table;

static unsigned place_of(const struct connection* connection) {
  return (unsigned)(connection - table.all);
}

/** What the event loop knows a connection by: the next one in its place is another. */
static uint32_t which_is(const struct connection* connection) {
  return connection->generation << 8 | place_of(connection);
}

static void drop(struct connection* connection) {
  if (!connection->used) return;
  close(connection->fd);
  table.output -= connection->output_length;
  free(connection->output);
  table.count--;
  *connection = (struct connection){.generation = connection->generation + 1};
}

static bool is_idle(const struct connection* connection, int64_t since) {
  return connection->used && connection->outstanding == 0 && connection->active_at <= since;
}

/** A free place; somebody silent makes one. NULL: all are busy. */
static struct connection* take_place(void) {
  struct connection* idle = NULL;
  int64_t since = dns_now() - YIELD_MS;
  for (unsigned i = 0; i < MOST_CONNECTIONS; i++) {
    struct connection* place = &table.all[i];
    if (!place->used) return place;
    if (is_idle(place, since) && (idle == NULL || place->active_at < idle->active_at)) idle = place;
  }
  if (idle != NULL) drop(idle);
  return idle;
}

void dns_connections_accept(int listener) {
  struct connection* place;
  while ((place = take_place()) != NULL) {
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd == -1 && (errno == EINTR || errno == ECONNABORTED)) continue;
    if (fd == -1) return;
    if (dns_poll_add(fd, EPOLLIN, DNS_CONNECTION, which_is(place)) == -1) {
      close(fd);
      return;
    }
    place->used = true;
    place->fd = fd;
    place->events = EPOLLIN;
    place->active_at = dns_now();
    table.count++;
  }
  dns_poll_change(listener, 0, DNS_LISTENER, 0);
  table.paused = true;
}

/** Keeps what the socket did not take. */
static void keep(struct connection* connection, const uint8_t* bytes, size_t length) {
  size_t kept = connection->output_length;
  uint8_t* grown = table.output + length <= OUTPUT_MOST ? malloc(kept + length) : NULL;
  if (grown == NULL) return drop(connection);
  if (kept > 0) memcpy(grown, connection->output + connection->output_start, kept);
  memcpy(grown + kept, bytes, length);
  free(connection->output);
  connection->output = grown;
  connection->output_start = 0;
  connection->output_length += length;
  table.output += length;
}

/** Sends bytes behind those that were kept. */
static void put(struct connection* connection, const uint8_t* bytes, size_t length, int flags) {
  ssize_t sent = 0;
  if (!connection->used) return;
  if (connection->output_length == 0) sent = send(connection->fd, bytes, length, MSG_NOSIGNAL | flags);
  if (sent == -1 && errno != EAGAIN && errno != EINTR) return drop(connection);
  if (sent == -1) sent = 0;
  if ((size_t)sent < length) keep(connection, bytes + sent, length - (size_t)sent);
}

void dns_connection_reply(const struct dns_client* client, const uint8_t* bytes, size_t length) {
  struct connection* connection = &table.all[client->connection];
  uint8_t prefix[PREFIX_BYTES];
  if (!connection->used || connection->generation != client->generation) return;
  connection->outstanding--;
  connection->active_at = dns_now();
  dns_put16(prefix, (uint16_t)length);
  put(connection, prefix, sizeof prefix, MSG_MORE);
  put(connection, bytes, length, 0);
}

static void send_kept(struct connection* connection) {
  ssize_t sent = send(connection->fd, connection->output + connection->output_start,
                      connection->output_length, MSG_NOSIGNAL);
  if (sent == -1 && (errno == EAGAIN || errno == EINTR)) return;
  if (sent == -1) return drop(connection);
  connection->active_at = dns_now();
  connection->output_start += (size_t)sent;
  connection->output_length -= (size_t)sent;
  table.output -= (size_t)sent;
  if (connection->output_length > 0) return;
  free(connection->output);
  connection->output = NULL;
}

static void receive(struct connection* connection) {
  size_t room = sizeof connection->input - connection->got;
  ssize_t got = room == 0 ? 0 : recv(connection->fd, connection->input + connection->got, room, 0);
  if (room == 0 || (got == -1 && (errno == EAGAIN || errno == EINTR))) return;
  if (got == -1) return drop(connection);
  if (got == 0) connection->input_ended = true;
  connection->got += (size_t)got;
}

void dns_connection_ready(uint32_t which, uint32_t events) {
  struct connection* connection = &table.all[which & 0xff];
  if (!connection->used || which_is(connection) != which) return;
  if (events & (EPOLLERR | EPOLLHUP)) drop(connection);
  if (connection->used && (events & EPOLLOUT) && connection->output_length > 0) send_kept(connection);
  if (connection->used && (events & EPOLLIN)) receive(connection);
}

static bool takes_more(const struct connection* connection) {
  return connection->outstanding < MOST_OUTSTANDING && connection->output_length == 0;
}

/** Handles one question that has come whole. False: there is none, or the connection is no more. */
static bool take_question(struct connection* connection) {
  if (!connection->used || !takes_more(connection) || connection->got < PREFIX_BYTES) return false;
  size_t length = dns_get16(connection->input), whole = PREFIX_BYTES + length;
  if (length > DNS_QUERY_BYTES) return drop(connection), false;
  if (connection->got < whole) return false;
  struct dns_client client = {
      .by_tcp = true, .connection = place_of(connection), .generation = connection->generation};
  connection->active_at = dns_now();
  connection->outstanding++;
  if (!dns_handle(&client, connection->input + PREFIX_BYTES, length)) return drop(connection), false;
  if (connection->generation != client.generation) return false;
  connection->got -= whole;
  memmove(connection->input, connection->input + whole, connection->got);
  return true;
}

static void update(struct connection* connection) {
  while (take_question(connection)) continue;
  if (!connection->used) return;
  bool finished = connection->outstanding == 0 && connection->output_length == 0;
  if (connection->input_ended && finished) return drop(connection);
  uint32_t events = connection->output_length > 0 ? EPOLLOUT : 0;
  if (takes_more(connection) && !connection->input_ended) events |= EPOLLIN;
  if (events == connection->events) return;
  connection->events = events;
  dns_poll_change(connection->fd, events, DNS_CONNECTION, which_is(connection));
}

void dns_connections_update(int listener) {
  for (unsigned i = 0; i < MOST_CONNECTIONS && table.count > 0; i++) update(&table.all[i]);
  if (!table.paused || take_place() == NULL) return;
  table.paused = false;
  dns_poll_change(listener, EPOLLIN, DNS_LISTENER, 0);
}

void dns_connections_tick(void) {
  int64_t since = dns_now() - IDLE_MS;
  for (unsigned i = 0; i < MOST_CONNECTIONS; i++) {
    if (is_idle(&table.all[i], since)) drop(&table.all[i]);
  }
}

bool dns_connections_present(void) {
  return table.count > 0;
}

void dns_connections_end(void) {
  for (unsigned i = 0; i < MOST_CONNECTIONS; i++) drop(&table.all[i]);
  table.paused = false;
}
