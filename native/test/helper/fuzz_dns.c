/*
 * Feeds damaged questions, replies and hosts files to the resolver's parsers, under AddressSanitizer and
 * UndefinedBehaviorSanitizer:
 *   fuzz_dns SEED EXECUTIONS HOSTS RESOLV_CONF MESSAGE...
 * The same seed makes the same damage. Every answer that comes of it is walked over by a reader of its own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../helper/dns_answer.h"
#include "../../helper/dns_lookup.h"
#include "../../helper/dns_names.h"
#include "../../helper/dns_service.h"
#include "random.h"

#define MOST_FILES 32
#define FILE_BYTES 65536
#define MOST_DAMAGE 6
#define ANSWER_BYTES 4096

struct sample {
  unsigned char* bytes;
  size_t length;
};

static struct { unsigned long long questions, answers, replies, hosts, servers; } seen;

static _Noreturn void broken(const char* what) {
  fprintf(stderr, "%s\n", what);
  abort();
}

static struct sample load(const char* path) {
  struct sample sample = {malloc(FILE_BYTES), 0};
  FILE* file = fopen(path, "rb");
  if (file == NULL || sample.bytes == NULL) exit(2);
  sample.length = fread(sample.bytes, 1, FILE_BYTES, file);
  fclose(file);
  return sample;
}

/** A damaged copy, exactly as long as it is, so that reading one byte beyond is noticed. */
static struct sample damaged(const struct sample* whole) {
  static const unsigned char bad[] = {0, 1, 0x3f, 0x40, 0x80, 0xc0, 0xff, '.', ' ', '\n', ':', '#', 29};
  unsigned char copy[FILE_BYTES];
  size_t length = whole->length;
  memcpy(copy, whole->bytes, length);
  unsigned times = random_below(MOST_DAMAGE);
  for (unsigned i = 0; i < times && length > 1; i++) {
    size_t at = random_below((unsigned)length), from = random_below((unsigned)length);
    size_t span = 1 + random_below(16);
    if (span > length - at) span = length - at;
    if (span > length - from) span = length - from;
    switch (random_below(5)) {
      case 0:
        copy[at] ^= (unsigned char)(1u << random_below(8));
        break;
      case 1:
        copy[at] = bad[random_below(sizeof bad)];
        break;
      case 2:
        memmove(copy + at, copy + from, span);
        break;
      case 3:
        memmove(copy + at, copy + at + span, length - at - span);
        length -= span;
        break;
      default:
        if (random_below(4) == 0) length = at;  // cut off
    }
  }
  struct sample exact = {malloc(length > 0 ? length : 1), length};
  if (exact.bytes == NULL) exit(2);
  memcpy(exact.bytes, copy, length);
  return exact;
}

static size_t skip_name(const unsigned char* bytes, size_t at, size_t length) {
  for (;;) {
    if (at >= length) broken("a name leaves the answer");
    if (bytes[at] == 0) return at + 1;
    if (bytes[at] >= 0xc0) return at + 2;
    at += 1 + bytes[at];
  }
}

/** Walks over an answer, which must end where it says. */
static void check_answer(const unsigned char* bytes, size_t length, size_t limit) {
  size_t at = DNS_HEADER_BYTES;
  if (length < DNS_HEADER_BYTES || length > limit) broken("an answer has no header, or is too long");
  if (dns_get16(bytes + 4) == 1) at = skip_name(bytes, at, length) + 4;
  unsigned records = dns_get16(bytes + 6) + dns_get16(bytes + 8) + dns_get16(bytes + 10);
  for (unsigned i = 0; i < records; i++) {
    at = skip_name(bytes, at, length);
    if (at + 10 > length) broken("a record leaves the answer");
    at += 10 + dns_get16(bytes + at + 8);
  }
  if (at != length) broken("an answer does not end where it says");
  seen.answers++;
}

static void try_message(const struct sample* message, struct text hosts) {
  static unsigned char answer[ANSWER_BYTES];
  struct dns_question question;
  enum dns_code code = dns_read_question(message->bytes, message->length, &question);
  size_t limit = DNS_PLAIN_BYTES + random_below(ANSWER_BYTES - DNS_PLAIN_BYTES + 1);
  if (code == DNS_IGNORE) return;
  if (strlen(question.name) >= sizeof question.name) broken("a name without end");
  if (code != DNS_NO_ERROR) {
    struct dns_answer refusal;
    dns_answer_begin(&refusal, answer, limit, message->bytes, &question, code);
    return check_answer(answer, dns_answer_end(&refusal), limit);
  }
  seen.questions++;
  size_t length = dns_lookup(hosts, message->bytes, &question, random_below(1000), answer, limit);
  if (length == 0) return;
  check_answer(answer, length, limit);
  if (!dns_is_reply(answer, length, message->bytes, &question))
    broken("an answer is no reply to its question");
}

/** A question that is whole, and a reply to it that is not. */
static void try_reply(const struct sample* whole, const struct sample* reply) {
  struct dns_question question;
  if (dns_read_question(whole->bytes, whole->length, &question) != DNS_NO_ERROR) return;
  if (dns_is_reply(reply->bytes, reply->length, whole->bytes, &question)) seen.replies++;
}

static void try_text(struct text hosts, struct text resolv_conf) {
  struct dns_servers servers = {0};
  struct dns_host host;
  while (dns_next_host(&hosts, &host)) seen.hosts += (unsigned)dns_host_has_name(&host, "web");
  dns_servers_of_resolv_conf(&servers, resolv_conf);
  if (servers.count > DNS_MOST_SERVERS) broken("too many servers");
  seen.servers += servers.count;
}

static struct text text_in(const struct sample* sample) {
  return (struct text){(const char*)sample->bytes, (const char*)sample->bytes + sample->length};
}

int main(int argc, char** argv) {
  struct sample samples[MOST_FILES];
  unsigned count = 0;
  if (argc < 6) return 2;
  random_seed(strtoull(argv[1], NULL, 10));
  unsigned long long executions = strtoull(argv[2], NULL, 10);
  for (int i = 3; i < argc && count < MOST_FILES; i++) samples[count++] = load(argv[i]);
  for (unsigned long long i = 0; i < executions; i++) {
    const struct sample* whole = &samples[2 + random_below(count - 2)];
    struct sample hosts = damaged(&samples[0]), resolv_conf = damaged(&samples[1]);
    struct sample message = damaged(whole), reply = damaged(whole);
    if (reply.length > 2) reply.bytes[2] |= 0x80;
    try_message(&message, text_in(&hosts));
    try_reply(whole, &reply);
    if (i % 8 == 0) try_text(text_in(&hosts), text_in(&resolv_conf));
    free(hosts.bytes);
    free(resolv_conf.bytes);
    free(message.bytes);
    free(reply.bytes);
  }
  printf("%llu executions, %llu questions, %llu answers, %llu replies, %llu hosts, %llu servers\n",
         executions, seen.questions, seen.answers, seen.replies, seen.hosts, seen.servers);
  for (unsigned i = 0; i < count; i++) free(samples[i].bytes);
  return 0;
}
