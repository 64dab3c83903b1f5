#include "clients.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client.h"

#define MOST_CLIENTS 64

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

const struct clients_events* client_events(void) {
  return clients.events;
}

void client_close_passed(struct client* client) {
  for (unsigned i = 0; i < 2; i++) {
    if (client->passed[i] != -1) close(client->passed[i]);
    client->passed[i] = -1;
  }
}

void client_drop(struct client* client) {
  if (client->fd == -1) return;
  close(client->fd);
  client->fd = -1;
  client_close_passed(client);
  free(client->pending);
  client->pending = NULL;
  client->pending_length = 0;
  if (client->input_length == 0) {
    free(client->input);
    client->input = NULL;
  }
  client_end_input(client);
}

void client_end_input(struct client* client) {
  if (client->input_ended) return;
  client->input_ended = true;
  if (!client->feeds) return;
  clients.feeder_gone = true;
  clients.events->input_ended();
}

void client_watch(struct client* client) {
  struct epoll_event event = {.events = EPOLLIN | (client->pending_length > 0 ? (uint32_t)EPOLLOUT : 0u),
                              .data.u64 = clients.first_tag + (uint64_t)(client - clients.all)};
  epoll_ctl(clients.epoll, EPOLL_CTL_MOD, client->fd, &event);
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
  if (epoll_ctl(clients.epoll, EPOLL_CTL_ADD, fd, &event) == -1) client_drop(client);
}

void clients_accept(int listener) {
  for (;;) {
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd == -1 && errno == EINTR) continue;
    if (fd == -1) return;
    clients_add(fd, false);
  }
}

void clients_ready(uint64_t tag, uint32_t epoll_events) {
  struct client* client = &clients.all[tag - clients.first_tag];
  if (client->fd != -1 && (epoll_events & EPOLLOUT)) client_send_pending(client);
  if (client->fd != -1 && (epoll_events & (EPOLLIN | EPOLLHUP | EPOLLERR))) client_receive(client);
}

void clients_output(enum frame_type type, const void* data, size_t length) {
  uint32_t flag = type == FRAME_STDERR ? FRAME_WANTS_STDERR : FRAME_WANTS_STDOUT;
  for (unsigned i = 0; i < MOST_CLIENTS; i++) {
    if (clients.all[i].fd != -1 && (clients.all[i].wants & flag))
      client_send(&clients.all[i], type, data, length);
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
  client_send(client, FRAME_WINDOW_OPEN, &opened, sizeof opened);
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
    client_send(client, FRAME_EXIT, words, sizeof words);
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
