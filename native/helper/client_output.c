#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "client.h"

/** Keeps what the socket did not take. */
static void keep(struct client* client, const struct iovec* parts, int count, size_t skip) {
  size_t total = 0;
  for (int i = 0; i < count; i++) total += parts[i].iov_len;
  uint8_t* grown = malloc(client->pending_length + total - skip);
  if (grown == NULL) return client_drop(client);
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
  client_watch(client);
}

void client_send(struct client* client, enum frame_type type, const void* data, size_t length) {
  struct frame_header header = {.type = (uint8_t)type, .length = (uint32_t)length};
  struct iovec parts[2] = {{&header, sizeof header}, {(void*)data, length}};
  struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
  if (client->fd == -1) return;
  ssize_t sent = 0;
  if (client->pending_length == 0) sent = sendmsg(client->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent == -1 && errno != EAGAIN && errno != EINTR) return client_drop(client);
  if (sent == -1) sent = 0;
  if ((size_t)sent < sizeof header + length) keep(client, parts, 2, (size_t)sent);
}

void client_send_pending(struct client* client) {
  while (client->pending_length > 0) {
    ssize_t sent = send(client->fd, client->pending + client->pending_start, client->pending_length,
                        MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent == -1 && errno == EINTR) continue;
    if (sent == -1 && errno == EAGAIN) return;
    if (sent == -1) return client_drop(client);
    client->pending_start += (size_t)sent;
    client->pending_length -= (size_t)sent;
  }
  free(client->pending);
  client->pending = NULL;
  client_watch(client);
}
