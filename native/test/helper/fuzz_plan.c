/*
 * Feeds damaged plans to the parser, under AddressSanitizer and UndefinedBehaviorSanitizer:
 *   fuzz_plan SEED EXECUTIONS PLAN...
 * The same seed makes the same damage. A plan that parses is read to its last byte.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../helper/plan.h"
#include "random.h"

#define MOST_PLANS 16
#define MOST_DAMAGE 8

static unsigned long long sum;

static void read_string(const char* text) {
  if (text != NULL) sum += strlen(text);
}

static void read_bytes(struct plan_bytes bytes) {
  for (unsigned i = 0; i < bytes.length; i++) sum += bytes.data[i];
}

static void read_strings(const struct plan* plan, struct plan_list list) {
  struct plan_reader reader = plan_items(plan, list);
  for (unsigned i = 0; i < list.count; i++) read_string(plan_next_string(&reader));
}

static void read_pairs(const struct plan* plan, struct plan_list list) {
  struct plan_reader reader = plan_items(plan, list);
  for (unsigned i = 0; i < list.count; i++) {
    struct plan_pair pair = plan_next_pair(&reader);
    read_string(pair.name);
    read_string(pair.value);
  }
}

static void read_cgroups(const struct plan* plan) {
  struct plan_reader reader = plan_items(plan, plan->session.cgroups);
  for (unsigned i = 0; i < plan->session.cgroups.count; i++) {
    struct plan_cgroup cgroup = plan_next_cgroup(&reader);
    struct plan_reader writes = plan_items(plan, cgroup.writes);
    read_string(cgroup.path);
    read_bytes(cgroup.device_program);
    for (unsigned j = 0; j < cgroup.writes.count; j++) {
      struct plan_write write = plan_next_write(&writes);
      read_string(write.file);
      read_string(write.value);
    }
  }
}

static void read_mounts(const struct plan* plan) {
  struct plan_reader reader = plan_items(plan, plan->container.mounts);
  for (unsigned i = 0; i < plan->container.mounts.count; i++) {
    struct plan_mount step = plan_next_mount(&reader);
    read_string(step.target);
    read_string(step.type);
    read_string(step.source);
    read_string(step.data);
    read_pairs(plan, step.hierarchies);
    read_pairs(plan, step.links);
  }
}

static void read_all(const struct plan* plan) {
  read_string(plan->session.id);
  read_string(plan->session.run_dir);
  read_string(plan->session.log_path);
  read_string(plan->session.monitor_cgroup);
  read_string(plan->session.oom_file);
  read_bytes(plan->session.network.host_batch);
  read_bytes(plan->session.network.port_teardown_batch);
  read_string(plan->session.network.dns_address);
  read_bytes(plan->session.network.dns_redirect_batch);
  read_pairs(plan, plan->session.network.sysctls);
  read_cgroups(plan);
  if (plan->target == TARGET_CONTAINER) read_mounts(plan);
  read_string(plan->container.hostname);
  read_strings(plan, plan->session.remove_links);
  read_strings(plan, plan->session.remove_trees);
  read_strings(plan, plan->process.argv);
  read_strings(plan, plan->process.env);
  read_bytes(plan->process.seccomp_filter);
  if (plan->has_events) {
    read_string(plan->events.journal);
    read_string(plan->events.head);
    read_string(plan->events.actor);
    read_string(plan->events.attributes);
  }
  if (plan->has_health) {
    read_string(plan->health.timeout_text);
    read_strings(plan, plan->health.process.argv);
    read_strings(plan, plan->health.process.env);
    read_bytes(plan->health.process.seccomp_filter);
  }
  struct plan_reader limits = plan_items(plan, plan->process.rlimits);
  for (unsigned i = 0; i < plan->process.rlimits.count; i++) sum += plan_next_rlimit(&limits).hard;
}

/** Lengths and counts are what a parser trips over: most damage goes to words, with the values that hurt. */
static size_t damage(unsigned char* plan, size_t length) {
  static const unsigned bad[] = {0,    1,      2,          3,          7,          0x7f,      0x80,
                                 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xfffffffc, 0xffffffff};
  unsigned times = 1 + random_below(MOST_DAMAGE);
  for (unsigned i = 0; i < times && length >= 8; i++) {
    size_t at = random_below((unsigned)length - 4);
    unsigned word;
    switch (random_below(5)) {
      case 0:
        plan[at] ^= (unsigned char)(1u << random_below(8));
        break;
      case 1:
        word = bad[random_below(sizeof bad / sizeof *bad)];
        memcpy(plan + at / 4 * 4, &word, 4);
        break;
      case 2:
        memcpy(&word, plan + at / 4 * 4, 4);
        word += random_below(17) - 8;
        memcpy(plan + at / 4 * 4, &word, 4);
        break;
      case 3:
        memmove(plan + at, plan + random_below((unsigned)length - 4), 4);
        break;
      default:
        if (random_below(4) == 0) length = at;  // cut off
    }
  }
  return length;
}

int main(int argc, char** argv) {
  unsigned char* plans[MOST_PLANS];
  size_t lengths[MOST_PLANS];
  unsigned count = 0;
  if (argc < 4) return 2;
  random_seed(strtoull(argv[1], NULL, 10));
  unsigned long long executions = strtoull(argv[2], NULL, 10), accepted = 0;
  for (int i = 3; i < argc && count < MOST_PLANS; i++, count++) {
    FILE* file = fopen(argv[i], "rb");
    plans[count] = malloc(1 << 20);
    if (file == NULL || plans[count] == NULL) return 2;
    lengths[count] = fread(plans[count], 1, 1 << 20, file);
    fclose(file);
    struct plan plan;
    if (plan_parse(&plan, plans[count], lengths[count]) == -1) return 3;
    read_all(&plan);
  }
  for (unsigned long long i = 0; i < executions; i++) {
    unsigned which = random_below(count);
    unsigned char* copy = malloc(lengths[which]);
    if (copy == NULL) return 2;
    memcpy(copy, plans[which], lengths[which]);
    size_t length = damage(copy, lengths[which]);
    // Exactly as long as it is, so that reading one byte beyond is noticed.
    unsigned char* exact = malloc(length > 0 ? length : 1);
    if (exact == NULL) return 2;
    memcpy(exact, copy, length);
    free(copy);
    struct plan plan;
    if (plan_parse(&plan, exact, length) == 0) {
      read_all(&plan);
      accepted++;
    }
    free(exact);
  }
  printf("%llu executions, %llu accepted\n", executions, accepted);
  for (unsigned i = 0; i < count; i++) free(plans[i]);
  return sum == 1 ? 4 : 0;
}
