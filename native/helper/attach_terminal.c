#include "attach_terminal.h"

#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static struct termios original;
static bool is_changed;

/** Also true where the terminal is not the session's: its job control is not meant for us then. */
static bool in_foreground(void) {
  pid_t group = tcgetpgrp(STDIN_FILENO);
  return group == -1 || group == getpgrp();
}

static void change(const struct termios* wanted) {
  is_changed = tcsetattr(STDIN_FILENO, TCSANOW, wanted) == 0;
}

void attach_terminal_raw(void) {
  struct termios raw;
  if (is_changed || tcgetattr(STDIN_FILENO, &original) == -1) return;
  raw = original;
  cfmakeraw(&raw);
  change(&raw);
}

void attach_terminal_watch(const struct attach_keys* keys, bool lines_matter) {
  struct termios watched;
  // In the background, changing it would stop us.
  if (is_changed || !in_foreground() || tcgetattr(STDIN_FILENO, &original) == -1) return;
  watched = original;
  // Lines go on being edited by the terminal: the last key ends one, and so brings the sequence here.
  watched.c_iflag &= (tcflag_t)~IXON;
  for (unsigned i = 0; i < NCCS; i++) {
    for (unsigned key = 0; key < keys->length; key++) {
      if (watched.c_cc[i] == keys->sequence[key]) watched.c_cc[i] = _POSIX_VDISABLE;
    }
  }
  watched.c_cc[VEOL] = keys->sequence[keys->length - 1];
  if (!lines_matter) {
    watched.c_lflag &= (tcflag_t)~ECHO;
    watched.c_cc[VEOF] = _POSIX_VDISABLE;
  }
  change(&watched);
}

bool attach_terminal_may_read(void) {
  return !isatty(STDIN_FILENO) || in_foreground();
}

void attach_terminal_restore(void) {
  if (!is_changed) return;
  is_changed = false;
  // Who moved us to the background has set the terminal as it wants it.
  if (in_foreground()) tcsetattr(STDIN_FILENO, TCSANOW, &original);
}

bool attach_terminal_size(uint32_t* rows, uint32_t* columns) {
  struct winsize size;
  if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == -1 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == -1)
    return false;
  *rows = size.ws_row;
  *columns = size.ws_col;
  return true;
}
