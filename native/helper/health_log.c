#include "health_log.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "log_line.h"
#include "monitor.h"
#include "state.h"

#define MOST_RESULTS 5
#define MOST_OUTPUT 4096
#define ROOM 128 /* for words of ours in front of the output */

struct result {
  struct timespec start, end;
  int exit_code;
  size_t length;
  bool truncated;
  char output[MOST_OUTPUT + ROOM];
};

static struct {
  enum health_status status;
  uint32_t streak;
  unsigned count; /* of results; the newest is the last */
  struct result results[MOST_RESULTS];
  struct result current;
} health_log;

static const char* const status_words[] = {
    [HEALTH_STARTING] = "starting", [HEALTH_HEALTHY] = "healthy", [HEALTH_UNHEALTHY] = "unhealthy"};

enum health_status health_log_status(void) {
  return health_log.status;
}

static char* put_result(char* at, const struct result* result) {
  char start[40], end[40];
  log_time_format(start, &result->start);
  log_time_format(end, &result->end);
  at += sprintf(at, "{\"Start\":\"%s\",\"End\":\"%s\",\"ExitCode\":%d,\"Output\":\"", start, end,
                result->exit_code);
  at += json_escape(at, result->output, result->length);
  return at + sprintf(at, "%s\"}", result->truncated ? "..." : "");
}

/** A disk that is full leaves the file as it was. */
static void save(void) {
  size_t room = 256;
  for (unsigned i = 0; i < health_log.count; i++) room += 256 + JSON_GROWTH * health_log.results[i].length;
  char* text = malloc(room);
  if (text == NULL) return;
  char* at = text + sprintf(text, "{\"Status\":\"%s\",\"FailingStreak\":%u,\"Log\":[",
                            status_words[health_log.status], health_log.streak);
  for (unsigned i = 0; i < health_log.count; i++) {
    if (i > 0) *at++ = ',';
    at = put_result(at, &health_log.results[i]);
  }
  at += sprintf(at, "]}\n");
  state_replace("health.json", text, (size_t)(at - text));
  free(text);
}

void health_log_begin(void) {
  health_log.status = HEALTH_STARTING;
  health_log.streak = 0;
  health_log.count = 0;
  save();
}

void health_log_start(void) {
  health_log.current.length = 0;
  health_log.current.truncated = false;
  clock_gettime(CLOCK_REALTIME, &health_log.current.start);
}

void health_log_output(const char* text, size_t length) {
  struct result* current = &health_log.current;
  size_t room = current->length < MOST_OUTPUT ? MOST_OUTPUT - current->length : 0;
  if (length > room) {
    length = room;
    current->truncated = true;
  }
  memcpy(current->output + current->length, text, length);
  current->length += length;
}

void health_log_note(const char* first, const char* second) {
  health_log_output(first, strlen(first));
  health_log_output(second, strlen(second));
}

void health_log_timeout(const char* limit) {
  struct result* current = &health_log.current;
  char words[ROOM];
  int length = snprintf(words, sizeof words, "Health check exceeded timeout (%.64s)%s", limit,
                        current->length > 0 ? ": " : "");
  memmove(current->output + length, current->output, current->length);
  memcpy(current->output, words, (size_t)length);
  current->length += (size_t)length;
}

void health_log_result(int exit_code, int64_t up_ms) {
  const struct plan_health* settings = &monitor.plan.health;
  struct result* current = &health_log.current;
  current->exit_code = exit_code;
  clock_gettime(CLOCK_REALTIME, &current->end);
  if (health_log.count == MOST_RESULTS) {
    memmove(health_log.results, health_log.results + 1, sizeof *current * (MOST_RESULTS - 1));
    health_log.count--;
  }
  health_log.results[health_log.count++] = *current;
  bool lenient = health_log.status == HEALTH_STARTING && up_ms < (int64_t)settings->start_period;
  if (exit_code == 0) {
    health_log.streak = 0;
    health_log.status = HEALTH_HEALTHY;
  } else if (!lenient && ++health_log.streak >= settings->retries) {
    health_log.status = HEALTH_UNHEALTHY;
  }
  save();
}

void health_log_end(void) {
  health_log.status = HEALTH_UNHEALTHY;
  save();
}
