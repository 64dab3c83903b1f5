#include "dns_message.h"

#include <string.h>

#define FLAG_REPLY 0x8000u
#define OPCODE_BITS 0x7800u
#define CODE_BITS 0x000fu
#define CLASS_INTERNET 1
#define LABEL_MOST 63
#define NAME_MOST 255
#define RECORD_BYTES 10 /* type, class, time to live, length of the data */
#define EDNS_DNSSEC_OK 0x80u

/** Reads forward through a message; `bad` sticks once something did not fit. */
struct cursor {
  const uint8_t* message;
  size_t at;
  size_t length;
  bool bad;
};

uint16_t dns_get16(const uint8_t* at) {
  return (uint16_t)(at[0] << 8 | at[1]);
}

void dns_put16(uint8_t* at, uint16_t value) {
  at[0] = (uint8_t)(value >> 8);
  at[1] = (uint8_t)value;
}

void dns_put32(uint8_t* at, uint32_t value) {
  dns_put16(at, (uint16_t)(value >> 16));
  dns_put16(at + 2, (uint16_t)value);
}

/** The next `count` bytes, or NULL. */
static const uint8_t* take(struct cursor* cursor, size_t count) {
  if (cursor->bad || count > cursor->length - cursor->at) {
    cursor->bad = true;
    return NULL;
  }
  const uint8_t* taken = cursor->message + cursor->at;
  cursor->at += count;
  return taken;
}

static uint16_t take16(struct cursor* cursor) {
  const uint8_t* taken = take(cursor, 2);
  return taken == NULL ? 0 : dns_get16(taken);
}

static char lower(uint8_t byte) {
  return (char)(byte >= 'A' && byte <= 'Z' ? byte + ('a' - 'A') : byte);
}

/** Appends a label to a name in text form; false when text cannot say it. */
static bool spell(char* name, size_t* length, const uint8_t* label, size_t count) {
  if (*length > 0) name[(*length)++] = '.';
  for (size_t i = 0; i < count; i++) {
    if (label[i] <= ' ' || label[i] > '~' || label[i] == '.') return false;
    name[(*length)++] = lower(label[i]);
  }
  return true;
}

/** Reads a name that must stand there in full. */
static void read_name(struct cursor* cursor, char name[256]) {
  size_t length = 0, start = cursor->at;
  bool spelled = true;
  for (;;) {
    const uint8_t* size = take(cursor, 1);
    if (size == NULL || *size == 0) break;
    const uint8_t* label = *size <= LABEL_MOST ? take(cursor, *size) : NULL;
    if (label == NULL || cursor->at - start >= NAME_MOST) {
      cursor->bad = true;
      break;
    }
    if (spelled) spelled = spell(name, &length, label, *size);
  }
  name[spelled && !cursor->bad ? length : 0] = '\0';
}

/** Passes over a name, which may end in a reference to an earlier one. True when it is the root. */
static bool skip_name(struct cursor* cursor) {
  size_t start = cursor->at;
  for (;;) {
    const uint8_t* size = take(cursor, 1);
    if (size == NULL || *size == 0) return cursor->at == start + 1;
    if ((*size & 0xc0) == 0xc0) return take(cursor, 1), false;
    if (*size > LABEL_MOST) cursor->bad = true;
    take(cursor, *size);
  }
}

/** Passes over a record; notes what an OPT record says. */
static enum dns_code read_record(struct cursor* cursor, struct dns_question* question) {
  bool is_root = skip_name(cursor);
  const uint8_t* fixed = take(cursor, RECORD_BYTES);
  if (fixed == NULL || take(cursor, dns_get16(fixed + 8)) == NULL) return DNS_FORMAT_ERROR;
  if (dns_get16(fixed) != DNS_TYPE_OPT) return DNS_NO_ERROR;
  if (!is_root || question->has_edns) return DNS_FORMAT_ERROR;
  question->has_edns = true;
  question->udp_bytes = dns_get16(fixed + 2);
  question->dnssec_ok = (fixed[6] & EDNS_DNSSEC_OK) != 0;
  return fixed[5] == 0 ? DNS_NO_ERROR : DNS_BAD_VERSION;
}

enum dns_code dns_read_question(const uint8_t* message, size_t length, struct dns_question* question) {
  struct cursor cursor = {.message = message, .length = length};
  memset(question, 0, sizeof *question);
  question->udp_bytes = DNS_PLAIN_BYTES;
  if (length < DNS_HEADER_BYTES) return DNS_IGNORE;
  question->id = take16(&cursor);
  question->flags = take16(&cursor);
  unsigned questions = take16(&cursor), records = take16(&cursor);
  records += take16(&cursor);
  records += take16(&cursor);
  // Whoever answers to answers can be made to talk to itself.
  if (question->flags & FLAG_REPLY) return DNS_IGNORE;
  if (question->flags & OPCODE_BITS) return DNS_NOT_IMPLEMENTED;
  if (questions != 1) return DNS_FORMAT_ERROR;
  read_name(&cursor, question->name);
  question->type = take16(&cursor);
  question->class = take16(&cursor);
  if (cursor.bad) return DNS_FORMAT_ERROR;
  if (question->class != CLASS_INTERNET) question->name[0] = '\0';
  question->end = cursor.at;
  enum dns_code code = DNS_NO_ERROR;
  for (unsigned i = 0; i < records && code == DNS_NO_ERROR; i++) code = read_record(&cursor, question);
  if (question->udp_bytes < DNS_PLAIN_BYTES) question->udp_bytes = DNS_PLAIN_BYTES;
  bool is_whole = cursor.at == length && length <= DNS_QUERY_BYTES;
  return code == DNS_NO_ERROR && !is_whole ? DNS_FORMAT_ERROR : code;
}

enum dns_code dns_reply_code(const uint8_t* reply) {
  return (enum dns_code)(dns_get16(reply + 2) & CODE_BITS);
}

bool dns_is_reply(const uint8_t* reply, size_t length, const uint8_t* query,
                  const struct dns_question* question) {
  if (length < DNS_HEADER_BYTES || memcmp(reply, query, 2) != 0) return false;
  uint16_t flags = dns_get16(reply + 2);
  if (!(flags & FLAG_REPLY) || (flags & OPCODE_BITS)) return false;
  unsigned questions = dns_get16(reply + 4);
  // A server that could not read the question cannot repeat it.
  if (questions == 0) return dns_reply_code(reply) != DNS_NO_ERROR && length == DNS_HEADER_BYTES;
  if (questions != 1 || length < question->end) return false;
  for (size_t i = DNS_HEADER_BYTES; i < question->end; i++) {
    // Lengths of labels are no letters.
    if (lower(reply[i]) != lower(query[i])) return false;
  }
  return true;
}
