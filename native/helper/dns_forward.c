#include "dns_forward.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "dns_answer.h"
#include "dns_pending.h"

#define MOST_PENDING 256
/** A server that has not answered is left to go on, and the next one is asked beside it. */
#define ATTEMPT_MS 1000
/** A resolver of the C library gives up after 5 s: it is to hear from us before. */
#define PATIENCE_MS 4500

static struct {
  unsigned count;
  struct dns_pending all[MOST_PENDING];
} table;

static void close_socket(struct dns_pending* pending, unsigned server) {
  if (pending->fds[server] != -1) close(pending->fds[server]);
  pending->fds[server] = -1;
}

static void release(struct dns_pending* pending) {
  for (unsigned i = 0; i < pending->servers.count; i++) close_socket(pending, i);
  dns_tcp_drop(pending);
  free(pending->query);
  *pending = (struct dns_pending){0};
  table.count--;
}

/** Reads the query again, which was found good when it came, and gives it the client's own ID back. */
static struct dns_question restore_question(struct dns_pending* pending) {
  struct dns_question question;
  dns_put16(pending->query, pending->client_id);
  dns_read_question(pending->query, pending->length, &question);
  return question;
}

static void give_up(struct dns_pending* pending) {
  struct dns_question question = restore_question(pending);
  dns_reply_code_only(&pending->client, pending->query, &question, DNS_SERVER_FAILURE);
  release(pending);
}

static struct dns_pending* take_place(void) {
  struct dns_pending* oldest = NULL;
  for (unsigned i = 0; i < MOST_PENDING; i++) {
    struct dns_pending* place = &table.all[i];
    if (place->query == NULL) return place;
    if (oldest == NULL || place->since < oldest->since) oldest = place;
  }
  give_up(oldest);
  return oldest;
}

uint32_t dns_pending_which(const struct dns_pending* pending, unsigned server) {
  return (unsigned)(pending - table.all) * DNS_MOST_SERVERS + server;
}

static bool ask(struct dns_pending* pending, unsigned server) {
  // By TCP one server is asked after the other, each with its share of the time.
  int64_t patience = pending->client.by_tcp ? PATIENCE_MS / pending->servers.count : ATTEMPT_MS;
  pending->next_at = dns_now() + patience;
  int result = pending->client.by_tcp ? dns_tcp_ask(pending, server) : dns_udp_ask(pending, server);
  if (result == 0) return true;
  close_socket(pending, server);
  pending->failed[server] = true;
  return false;
}

/** Asks the next server whose turn it is; with `only_new`, one that was not asked yet. False: there is none.
 */
static bool ask_next(struct dns_pending* pending, bool only_new) {
  for (unsigned i = 0; i < pending->servers.count; i++) {
    unsigned server = pending->turn++ % pending->servers.count;
    if (pending->failed[server] || (only_new && pending->fds[server] != -1)) continue;
    if (ask(pending, server)) return true;
  }
  return false;
}

static bool all_failed(const struct dns_pending* pending) {
  for (unsigned i = 0; i < pending->servers.count; i++) {
    if (!pending->failed[i]) return false;
  }
  return true;
}

void dns_pending_fail(struct dns_pending* pending, unsigned server) {
  close_socket(pending, server);
  pending->failed[server] = true;
  ask_next(pending, true);
  if (all_failed(pending)) give_up(pending);
}

/** Passes a reply on, cut to its header and question where the client cannot take all of it. */
static void pass_on(struct dns_pending* pending, uint8_t* reply, size_t length) {
  struct dns_question question = restore_question(pending);
  enum dns_code code = dns_reply_code(reply);
  // A server that repeats no question leaves the client nothing to know its own by.
  if (length == DNS_HEADER_BYTES) {
    return dns_reply_code_only(&pending->client, pending->query, &question, code);
  }
  if (length <= dns_reply_limit(&pending->client, question.udp_bytes)) {
    dns_put16(reply, pending->client_id);
    return dns_reply(&pending->client, reply, length);
  }
  uint8_t cut[DNS_PLAIN_BYTES];
  struct dns_answer answer;
  dns_answer_begin(&answer, cut, sizeof cut, pending->query, &question, code);
  answer.truncated = true;
  dns_reply(&pending->client, cut, dns_answer_end(&answer));
}

bool dns_pending_answer(struct dns_pending* pending, unsigned server, uint8_t* reply, size_t length) {
  struct dns_question question;
  dns_read_question(pending->query, pending->length, &question);
  if (!dns_is_reply(reply, length, pending->query, &question)) return false;
  enum dns_code code = dns_reply_code(reply);
  if (code == DNS_SERVER_FAILURE || code == DNS_REFUSED) {
    dns_pending_fail(pending, server);
    return true;
  }
  pass_on(pending, reply, length);
  release(pending);
  return true;
}

void dns_forward(const struct dns_client* client, const uint8_t* query, size_t length,
                 const struct dns_question* question, const struct dns_servers* servers) {
  uint16_t id;
  uint8_t* copy = servers->count > 0 ? malloc(length) : NULL;
  if (copy == NULL || getrandom(&id, sizeof id, 0) != sizeof id) {
    free(copy);
    return dns_reply_code_only(client, query, question, DNS_SERVER_FAILURE);
  }
  memcpy(copy, query, length);
  dns_put16(copy, id);
  struct dns_pending* pending = take_place();
  *pending = (struct dns_pending){.query = copy, .length = length, .client_id = question->id};
  pending->client = *client;
  pending->servers = *servers;
  pending->since = dns_now();
  for (unsigned i = 0; i < DNS_MOST_SERVERS; i++) pending->fds[i] = -1;
  table.count++;
  if (!ask_next(pending, true)) give_up(pending);
}

void dns_forward_ready(uint32_t which, uint32_t events) {
  struct dns_pending* pending = &table.all[which / DNS_MOST_SERVERS];
  unsigned server = which % DNS_MOST_SERVERS;
  (void)events;  // an error is told by the call that meets it
  if (pending->query == NULL || pending->fds[server] == -1) return;
  if (pending->client.by_tcp) {
    dns_tcp_ready(pending, server);
  } else {
    dns_udp_ready(pending, server);
  }
}

/** The time of whoever was asked last is over: the next one, beside it by UDP, instead of it by TCP. */
static void go_on(struct dns_pending* pending) {
  for (unsigned i = 0; pending->client.by_tcp && i < pending->servers.count; i++) {
    if (pending->fds[i] != -1) return dns_pending_fail(pending, i);
  }
  ask_next(pending, false);
  if (all_failed(pending)) give_up(pending);
}

void dns_forward_tick(void) {
  int64_t now = dns_now();
  for (unsigned i = 0; i < MOST_PENDING && table.count > 0; i++) {
    struct dns_pending* pending = &table.all[i];
    if (pending->query == NULL) continue;
    if (now - pending->since >= PATIENCE_MS) {
      give_up(pending);
    } else if (now >= pending->next_at) {
      go_on(pending);
    }
  }
}

bool dns_forward_waits(void) {
  return table.count > 0;
}

void dns_forward_end(void) {
  for (unsigned i = 0; i < MOST_PENDING && table.count > 0; i++) {
    if (table.all[i].query != NULL) release(&table.all[i]);
  }
}
