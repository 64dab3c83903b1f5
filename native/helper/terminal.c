#include "terminal.h"

#include <errno.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "in_root.h"
#include "mount_calls.h"
#include "report.h"

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

/** The multiplexer of the container's devpts, checked to be just that: what lies at /dev is not to be
 * trusted. */
static int open_multiplexer(int root) {
  int folder = in_root_open(root, "dev/pts", O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS);
  if (folder == -1) fail(STAGE_TERMINAL, "/dev/pts");
  struct statfs fs;
  if (fstatfs(folder, &fs) == -1) fail(STAGE_TERMINAL, "/dev/pts");
  if (fs.f_type != DEVPTS_SUPER_MAGIC) fail_because(STAGE_TERMINAL, ENODEV, "/dev/pts");
  int master = openat(folder, "ptmx", O_RDWR | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
  struct stat info;
  if (master == -1 || fstat(master, &info) == -1) fail(STAGE_TERMINAL, "/dev/pts/ptmx");
  if (!S_ISCHR(info.st_mode) || info.st_rdev != makedev(5, 2)) {
    fail_because(STAGE_TERMINAL, ENODEV, "/dev/pts/ptmx");
  }
  close(folder);
  return master;
}

struct terminal terminal_open(const struct plan_session* session, int root) {
  struct terminal terminal = {.master = open_multiplexer(root)};
  int unlocked = 0;
  if (ioctl(terminal.master, TIOCSPTLCK, &unlocked) == -1) fail(STAGE_TERMINAL, "/dev/pts/ptmx");
  // The other end comes from the first one's descriptor: no path of /dev/pts is looked up (CVE-2025-52565).
  terminal.slave = ioctl(terminal.master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (terminal.slave == -1) fail(STAGE_TERMINAL, "/dev/pts");
  struct winsize size = {.ws_row = (unsigned short)session->rows, .ws_col = (unsigned short)session->columns};
  if (ioctl(terminal.master, TIOCSWINSZ, &size) == -1) fail(STAGE_TERMINAL, "window size");
  return terminal;
}

void terminal_bind_console(int root, int slave) {
  int target = in_root_make(root, "/dev/console", IN_ROOT_FILE);
  if (target == -1) fail(STAGE_TERMINAL, "/dev/console");
  int tree = mount_clone(slave, "", false);
  if (tree == -1 || mount_attach(tree, target) == -1) fail(STAGE_TERMINAL, "/dev/console");
  close(tree);
  close(target);
}

void terminal_control(int slave) {
  if (ioctl(slave, TIOCSCTTY, 0) == -1) fail(STAGE_TERMINAL, "controlling terminal");
}
