#ifndef TINYD_PLAN_H
#define TINYD_PLAN_H
#include "plan_reader.h"

/*
 * The plan: what to do, decided by packages/runtime/src/plan and encoded by its encode.ts. Field order here
 * is the order on the wire. plan_parse() walks all of it once, so that the plan_next_* functions cannot meet
 * a malformed item later.
 */

enum plan_stdin { STDIN_CLOSED, STDIN_OPEN, STDIN_ONCE, STDIN_COUNT };
enum plan_propagation { PROPAGATION_PRIVATE, PROPAGATION_SLAVE, PROPAGATION_SHARED, PROPAGATION_COUNT };
enum plan_target { TARGET_CONTAINER, TARGET_JOIN, TARGET_COUNT };
enum plan_step {
  STEP_FILESYSTEM,
  STEP_BIND,
  STEP_SYMLINK,
  STEP_DEVICE,
  STEP_MASK,
  STEP_READONLY,
  STEP_CGROUP_V1,
  STEP_IMAGE,
  STEP_COUNT
};

struct plan_write {
  const char* file;
  const char* value;
  bool optional;
};

struct plan_cgroup {
  const char* path;
  struct plan_list writes;
  struct plan_bytes device_program;
  bool enter;
  bool unified;
};

struct plan_claim {
  uint32_t protocol; /* IPPROTO_TCP or IPPROTO_UDP */
  const char* address;
  uint32_t port;
};

/** A sysctl: path below /proc/sys and value. Also a named link: name and target. */
struct plan_pair {
  const char* name;
  const char* value;
};

struct plan_network {
  struct plan_bytes host_batch;
  struct plan_bytes container_batch;
  struct plan_bytes port_batch;
  struct plan_bytes port_teardown_batch;
  struct plan_bytes host_teardown_batch;
  struct plan_list claims;
  struct plan_list sysctls;
  bool has_dns;
  const char* dns_address; /* inside the namespace */
  uint32_t dns_port;
  struct plan_bytes dns_redirect_batch;
};

struct plan_release {
  const char* file;
  uint64_t offset;
};

/** When the process is to be started again after its end. */
struct plan_restart {
  bool only_failures;  /* not after an exit status of 0 */
  uint32_t most_times; /* 0: as often as it takes */
};

struct plan_session {
  const char* id;
  const char* run_dir;
  const char* state_dir;
  const char* log_path; /* NULL: no log */
  uint64_t log_max_bytes;
  uint32_t log_max_files;
  bool terminal;
  uint32_t rows;
  uint32_t columns;
  enum plan_stdin input;
  bool first_client;
  struct plan_list cgroups;
  const char* monitor_cgroup; /* may be NULL, as oom_file */
  const char* oom_file;
  bool has_network;
  struct plan_network network;
  uint32_t stop_signal;
  int32_t stop_timeout_seconds; /* negative: wait for ever */
  bool has_restart;
  struct plan_restart restart;
  struct plan_list releases;
  struct plan_list remove_links;
  struct plan_list remove_trees;
};

struct plan_namespace {
  uint32_t flag; /* CLONE_NEW* */
  const char* path;
  uint32_t pid; /* whose namespace it is, if `start_ticks` is not 0 */
  uint64_t start_ticks;
};

/** One mount step; which fields are set depends on `kind`. */
struct plan_mount {
  enum plan_step kind;
  const char* target; /* symlink, device: the path itself */
  const char* type;
  const char* source;  /* symlink: what it points to */
  const char* data;    /* filesystem, image: options of the mount */
  const char* subpath; /* bind, image: what to take of it; empty: all */
  uint32_t pid;        /* bind: whose mounts `source` is looked up in, from its root; 0: the host's */
  uint64_t start_ticks;
  uint32_t flags; /* MS_*; bind: with MS_REC they are for the mounts below it too */
  bool recursive;
  bool target_is_directory;
  uint32_t propagation; /* MS_PRIVATE, MS_SLAVE or MS_SHARED, with MS_REC or without */
  uint32_t device_type; /* S_IFCHR or S_IFBLK */
  uint32_t major, minor, mode, uid, gid;
  struct plan_list hierarchies; /* pairs: name, source */
  struct plan_list links;       /* pairs: name, target */
};

struct plan_container {
  uint32_t unshare; /* CLONE_NEW* */
  struct plan_list join;
  const char* hostname;   /* may be NULL */
  const char* domainname; /* may be NULL */
  const char* working_dir;
  const char* overlay_options;
  const char* rootfs;
  struct plan_list mounts;
  bool read_only_root;
  enum plan_propagation propagation;
};

struct plan_join {
  uint32_t pid;
  uint64_t start_ticks;
  uint32_t namespaces; /* CLONE_NEW* */
};

struct plan_rlimit {
  uint32_t resource;
  uint64_t soft, hard;
};

struct plan_process {
  struct plan_list argv;
  struct plan_list env;
  const char* cwd;
  uint32_t uid, gid;
  struct plan_list additional_gids;
  uint32_t umask;
  uint64_t bounding, effective, permitted, inheritable, ambient;
  bool no_new_privileges;
  bool has_seccomp;
  uint32_t seccomp_flags;
  struct plan_bytes seccomp_filter;
  struct plan_list rlimits;
  bool has_oom_score_adj;
  int32_t oom_score_adj;
  bool init;
  bool new_session_keyring;
};

enum plan_on_unhealthy { UNHEALTHY_NONE, UNHEALTHY_KILL, UNHEALTHY_RESTART, UNHEALTHY_STOP, UNHEALTHY_COUNT };

/** How the container is asked whether it is well. Milliseconds. */
struct plan_health {
  struct plan_process process;
  uint64_t interval, timeout, start_period, start_interval;
  const char* timeout_text; /* the timeout as the log of probes names it */
  uint32_t retries;
  enum plan_on_unhealthy on_unhealthy;
};

/** What an event says of its container, as written-out JSON. */
struct plan_events {
  const char* journal;
  const char* head; /* the members `id` and `from` */
  const char* actor;
  const char* attributes; /* members without braces; not empty */
};

struct plan {
  const uint8_t* buffer;
  size_t length;
  struct plan_session session;
  enum plan_target target;
  struct plan_container container;
  struct plan_join join;
  struct plan_process process;
  bool has_health;
  struct plan_health health;
  bool has_events;
  struct plan_events events;
};

/** Parses and validates all of a plan. The buffer must outlive it and stay writable. -1 with errno EBADMSG
 * when malformed. */
int plan_parse(struct plan* plan, uint8_t* buffer, size_t length);

/** A reader over the items of a validated list. */
struct plan_reader plan_items(const struct plan* plan, struct plan_list list);

struct plan_cgroup plan_next_cgroup(struct plan_reader* reader);
struct plan_write plan_next_write(struct plan_reader* reader);
struct plan_claim plan_next_claim(struct plan_reader* reader);
struct plan_pair plan_next_pair(struct plan_reader* reader);
struct plan_release plan_next_release(struct plan_reader* reader);
struct plan_namespace plan_next_namespace(struct plan_reader* reader);
struct plan_mount plan_next_mount(struct plan_reader* reader);
struct plan_rlimit plan_next_rlimit(struct plan_reader* reader);

#endif
