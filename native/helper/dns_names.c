#include "dns_names.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#define ADDRESS_TEXT 46 /* INET6_ADDRSTRLEN */

static bool read_address(struct text word, struct dns_host* host) {
  char address[ADDRESS_TEXT];
  if (text_length(word) >= sizeof address) return false;
  memcpy(address, word.at, text_length(word));
  address[text_length(word)] = '\0';
  host->family = strchr(address, ':') != NULL ? AF_INET6 : AF_INET;
  return inet_pton(host->family, address, host->address) == 1;
}

bool dns_next_host(struct text* hosts, struct dns_host* host) {
  struct text line, word;
  while (text_next_line(hosts, &line)) {
    if (!text_next_word(&line, &word) || !read_address(word, host)) continue;
    host->names = line;
    if (text_next_word(&line, &word)) return true;
  }
  return false;
}

bool dns_host_has_name(const struct dns_host* host, const char* name) {
  struct text names = host->names, word;
  size_t length = strlen(name);
  while (text_next_word(&names, &word)) {
    if (text_length(word) == length && strncasecmp(word.at, name, length) == 0) return true;
  }
  return false;
}

/** Reads a number of one to three digits without leading zeros, up to 255, and the dot behind it. */
static bool read_octet(const char** at, uint8_t* octet) {
  unsigned value = 0;
  const char* digit = *at;
  for (; *digit >= '0' && *digit <= '9' && digit - *at < 3; digit++)
    value = value * 10 + (unsigned)(*digit - '0');
  if (digit == *at || *digit != '.' || value > 255 || (**at == '0' && digit - *at > 1)) return false;
  *octet = (uint8_t)value;
  *at = digit + 1;
  return true;
}

/** Reads one hexadecimal digit and the dot behind it. */
static bool read_nibble(const char** at, uint8_t* nibble) {
  static const char digits[] = "0123456789abcdef";
  const char* found = **at == '\0' ? NULL : strchr(digits, **at);
  if (found == NULL || (*at)[1] != '.') return false;
  *nibble = (uint8_t)(found - digits);
  *at += 2;
  return true;
}

bool dns_reverse_address(const char* name, int* family, uint8_t address[16]) {
  const char* at = name;
  int i = 3;
  while (i >= 0 && read_octet(&at, &address[i])) i--;
  if (i < 0 && strcmp(at, "in-addr.arpa") == 0) {
    *family = AF_INET;
    return true;
  }
  at = name;
  for (i = 15; i >= 0; i--) {
    uint8_t low, high;
    if (!read_nibble(&at, &low) || !read_nibble(&at, &high)) return false;
    address[i] = (uint8_t)(high << 4 | low);
  }
  *family = AF_INET6;
  return strcmp(at, "ip6.arpa") == 0;
}
