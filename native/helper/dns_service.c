#include "dns_service.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "dns_zones.h"

#define DNS_PORT 53
#define HOST_RESOLV_CONF "/etc/resolv.conf"
#define SERVICE_MOST (64 * 4096)
#define RESOLV_CONF_MOST 65536
#define SERVER_TEXT 64 /* an address, %, the name of an interface */

static struct {
  struct text_file file;
  struct text_file resolv_conf;
  bool asks_host;
  struct dns_service service;
} state;

bool dns_servers_add(struct dns_servers* servers, struct text word) {
  char address[SERVER_TEXT];
  if (servers->count == DNS_MOST_SERVERS || text_length(word) >= sizeof address) return false;
  memcpy(address, word.at, text_length(word));
  address[text_length(word)] = '\0';
  union dns_server server = {0};
  char* scope = strchr(address, '%');
  if (scope != NULL) *scope++ = '\0';
  if (inet_pton(AF_INET, address, &server.v4.sin_addr) == 1) {
    server.v4.sin_family = AF_INET;
    server.v4.sin_port = htons(DNS_PORT);
  } else if (inet_pton(AF_INET6, address, &server.v6.sin6_addr) == 1) {
    server.v6.sin6_family = AF_INET6;
    server.v6.sin6_port = htons(DNS_PORT);
    if (scope != NULL) server.v6.sin6_scope_id = if_nametoindex(scope);
  } else {
    return false;
  }
  servers->all[servers->count++] = server;
  return true;
}

void dns_servers_of_resolv_conf(struct dns_servers* servers, struct text text) {
  struct text line, word;
  while (text_next_line(&text, &line)) {
    if (text_next_word(&line, &word) && text_is(word, "nameserver") && text_next_word(&line, &word)) {
      dns_servers_add(servers, word);
    }
  }
}

/** Reads the lines of the file; packages/runtime/src/network/dns/service-file.ts writes them. */
static void read_service(struct text text) {
  struct text line, word;
  dns_zones_clear();
  state.asks_host = false;
  state.service = (struct dns_service){0};
  while (text_next_line(&text, &line)) {
    if (!text_next_word(&line, &word)) continue;
    if (text_is(word, "zone") && line.at < line.end) {
      dns_zones_add((struct text){line.at + 1, line.end});
    } else if (text_is(word, "upstream") && text_next_word(&line, &word)) {
      if (text_is(word, "host")) state.asks_host = true;
      dns_servers_add(&state.service.servers, word);
    } else if (text_is(word, "keep")) {
      state.service.keeps_single_labels = true;
    }
  }
}

const struct dns_service* dns_service_refresh(int run_dir) {
  bool renewed = text_file_refresh(&state.file, run_dir, "dns", SERVICE_MOST);
  if (renewed) read_service(text_of(&state.file));
  if (!state.asks_host) return &state.service;
  if (text_file_refresh(&state.resolv_conf, AT_FDCWD, HOST_RESOLV_CONF, RESOLV_CONF_MOST) || renewed) {
    state.service.servers.count = 0;
    dns_servers_of_resolv_conf(&state.service.servers, text_of(&state.resolv_conf));
  }
  return &state.service;
}

void dns_service_forget(void) {
  dns_zones_clear();
  free(state.file.bytes);
  free(state.resolv_conf.bytes);
  memset(&state, 0, sizeof state);
}
