#include "dns_answer.h"

#include <string.h>
#include <sys/socket.h>

/**
 * Seconds for which an answer may be kept. docker says 600; a name here can move to another address at any
 * time, and the address to another container.
 */
#define TIME_TO_LIVE 60

#define FLAG_REPLY 0x8000u
#define FLAG_TRUNCATED 0x0200u
#define FLAG_RECURSION_AVAILABLE 0x0080u
/** What a reply repeats: the operation, recursion desired, checking disabled. */
#define REPEATED_FLAGS 0x7910u
#define CLASS_INTERNET 1
#define OPT_BYTES 11
#define DNSSEC_OK 0x8000u
#define LABEL_MOST 63
#define NAME_MOST 255
/** A reference to the name in the question, right behind the header. */
#define NAME_OF_QUESTION (0xc000u | DNS_HEADER_BYTES)
#define RECORD_BYTES 12 /* reference, type, class, time to live, length of the data */

void dns_answer_begin(struct dns_answer* answer, uint8_t* bytes, size_t limit, const uint8_t* query,
                      const struct dns_question* question, enum dns_code code) {
  *answer = (struct dns_answer){.bytes = bytes, .limit = limit, .question = question};
  answer->upper_code = (uint8_t)((unsigned)code >> 4);
  if (question->has_edns) answer->limit -= OPT_BYTES;
  memset(bytes, 0, DNS_HEADER_BYTES);
  uint16_t flags = FLAG_REPLY | (question->flags & REPEATED_FLAGS) | FLAG_RECURSION_AVAILABLE;
  dns_put16(bytes, question->id);
  dns_put16(bytes + 2, (uint16_t)(flags | ((unsigned)code & 0xf)));
  answer->length = DNS_HEADER_BYTES;
  if (question->end == 0) return;
  dns_put16(bytes + 4, 1);
  memcpy(bytes + DNS_HEADER_BYTES, query + DNS_HEADER_BYTES, question->end - DNS_HEADER_BYTES);
  answer->length = question->end;
}

static void add_record(struct dns_answer* answer, enum dns_type type, const uint8_t* data, size_t length) {
  if (answer->truncated || length + RECORD_BYTES > answer->limit - answer->length) {
    answer->truncated = true;
    return;
  }
  uint8_t* at = answer->bytes + answer->length;
  dns_put16(at, NAME_OF_QUESTION);
  dns_put16(at + 2, (uint16_t)type);
  dns_put16(at + 4, CLASS_INTERNET);
  dns_put32(at + 6, TIME_TO_LIVE);
  dns_put16(at + 10, (uint16_t)length);
  memcpy(at + RECORD_BYTES, data, length);
  answer->length += RECORD_BYTES + length;
  answer->count++;
}

void dns_answer_address(struct dns_answer* answer, int family, const uint8_t* address) {
  if (family == AF_INET) {
    add_record(answer, DNS_TYPE_A, address, 4);
  } else {
    add_record(answer, DNS_TYPE_AAAA, address, 16);
  }
}

void dns_answer_name(struct dns_answer* answer, struct text name) {
  uint8_t wire[NAME_MOST];
  size_t length = 0;
  while (name.at < name.end) {
    const char* dot = memchr(name.at, '.', text_length(name));
    const char* end = dot != NULL ? dot : name.end;
    size_t label = (size_t)(end - name.at);
    // One byte for its length, one for the root behind all of them.
    if (label == 0 || label > LABEL_MOST || length + 1 + label + 1 > NAME_MOST) return;
    wire[length] = (uint8_t)label;
    memcpy(wire + length + 1, name.at, label);
    length += 1 + label;
    name.at = dot != NULL ? dot + 1 : name.end;
  }
  if (length == 0) return;
  wire[length++] = 0;
  add_record(answer, DNS_TYPE_PTR, wire, length);
}

size_t dns_answer_end(struct dns_answer* answer) {
  uint8_t* bytes = answer->bytes;
  if (answer->truncated) dns_put16(bytes + 2, dns_get16(bytes + 2) | FLAG_TRUNCATED);
  dns_put16(bytes + 6, answer->count);
  if (!answer->question->has_edns) return answer->length;
  uint8_t* option = bytes + answer->length;
  memset(option, 0, OPT_BYTES);
  dns_put16(option + 1, DNS_TYPE_OPT);
  dns_put16(option + 3, DNS_QUERY_BYTES);
  option[5] = answer->upper_code;
  dns_put16(option + 7, answer->question->dnssec_ok ? DNSSEC_OK : 0);
  dns_put16(bytes + 10, 1);
  answer->length += OPT_BYTES;
  return answer->length;
}
