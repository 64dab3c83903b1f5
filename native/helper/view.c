#include "view.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "in_root.h"
#include "mount_calls.h"
#include "mounts.h"
#include "proc_stat.h"
#include "report.h"
#include "rootfs.h"

#define REQUEST_FD 3
#define ANSWER_FD 4

/** NUL-terminated strings, one behind the other. */
struct request {
  const char* at;
  const char* end;
};

static _Noreturn void give_up(enum report_stage stage, int error, const char* operand) {
  report_send(ANSWER_FD, stage, error, operand, 0);
  _exit(1);
}

static struct request open_request(void) {
  struct stat info;
  if (fstat(REQUEST_FD, &info) == -1) fail(STAGE_PLAN, "request");
  if (info.st_size == 0) fail_because(STAGE_PLAN, EINVAL, "request");
  const char* bytes = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, REQUEST_FD, 0);
  if (bytes == MAP_FAILED) fail(STAGE_PLAN, "request");
  if (bytes[info.st_size - 1] != '\0') fail_because(STAGE_PLAN, EINVAL, "request");
  return (struct request){.at = bytes, .end = bytes + info.st_size};
}

static const char* next(struct request* request) {
  if (request->at == request->end) fail_because(STAGE_PLAN, EINVAL, "request");
  const char* text = request->at;
  request->at += strlen(text) + 1;
  return text;
}

static bool next_is(struct request* request, const char* word) {
  return strcmp(next(request), word) == 0;
}

/** Enters the mount namespace of a process, which must be the one that is meant and not one that got its
 * number. */
static void join_mounts(struct request* request) {
  const char* operand = next(request);
  pid_t pid = (pid_t)strtol(operand, NULL, 10);
  uint64_t start_ticks = strtoull(next(request), NULL, 10);
  int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
  if (pidfd == -1) fail(STAGE_JOIN, operand);
  if (proc_start_ticks(pid) != start_ticks) fail_because(STAGE_JOIN, ESRCH, operand);
  if (setns(pidfd, CLONE_NEWNS) == -1) fail(STAGE_JOIN, operand);
}

static int running_root(struct request* request) {
  join_mounts(request);
  int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root == -1) fail(STAGE_ROOTFS, "/");
  return root;
}

/** One bind of a container that does not run: access, what is with mounts below it, source, what to take of
 * it, target. */
static void bind_source(struct request* request, int root) {
  bool read_only = next_is(request, "ro");
  const char* below = next(request);
  bool hidden = strcmp(below, "hidden") == 0, writable = strcmp(below, "writable") == 0;
  const char* source = next(request);
  const char* subpath = next(request);
  const char* target = next(request);
  struct stat info;
  int tree = mount_clone_part(source, subpath, !hidden);
  if (tree == -1 || fstatat(tree, "", &info, AT_EMPTY_PATH) == -1) fail(STAGE_MOUNT, source);
  if (read_only && mount_change(tree, MOUNT_ATTR_RDONLY, 0, !writable) == -1) fail(STAGE_MOUNT, source);
  int folder = in_root_make(root, target, S_ISDIR(info.st_mode) ? IN_ROOT_FOLDER : IN_ROOT_FILE);
  if (folder == -1 || mount_attach(tree, folder) == -1) fail(STAGE_MOUNT, target);
  close(folder);
  close(tree);
}

/** Mounts the root of a container that does not run, in a mount namespace that ends with this process. */
static int mounted_root(struct request* request) {
  struct plan_container container = {.propagation = PROPAGATION_PRIVATE};
  container.working_dir = next(request);
  container.overlay_options = next(request);
  container.rootfs = next(request);
  bool read_only = next_is(request, "ro");
  if (unshare(CLONE_NEWNS) == -1) fail(STAGE_CLONE, "mount namespace");
  rootfs_isolate(&container);
  int root = rootfs_mount(&container);
  while (request->at != request->end) bind_source(request, root);
  if (read_only && mount_change(root, MOUNT_ATTR_RDONLY, 0, false) == -1)
    fail(STAGE_ROOTFS, "read-only root");
  return root;
}

static void send_root(int tree) {
  char control[CMSG_SPACE(sizeof tree)] = {0};
  char ready = 1;
  struct iovec part = {.iov_base = &ready, .iov_len = sizeof ready};
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  struct cmsghdr* head = CMSG_FIRSTHDR(&message);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(sizeof tree);
  memcpy(CMSG_DATA(head), &tree, sizeof tree);
  if (sendmsg(ANSWER_FD, &message, MSG_NOSIGNAL) == -1) fail(STAGE_SOCKET, "answer");
}

int view_main(void) {
  report_to.failed = give_up;
  struct request request = open_request();
  bool running = next_is(&request, "running");
  bool with_mounts = next_is(&request, "mounts");
  int root = running ? running_root(&request) : mounted_root(&request);
  int tree = mount_clone(root, "", with_mounts);
  if (tree == -1) fail(STAGE_ROOTFS, "/");
  send_root(tree);
  return 0;
}
