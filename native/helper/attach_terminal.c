#include "attach_terminal.h"

#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static struct termios original;
static bool is_raw;

void attach_terminal_raw(void) {
  struct termios raw;
  if (is_raw || tcgetattr(STDIN_FILENO, &original) == -1) return;
  raw = original;
  cfmakeraw(&raw);
  is_raw = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
}

void attach_terminal_restore(void) {
  if (!is_raw) return;
  tcsetattr(STDIN_FILENO, TCSANOW, &original);
  is_raw = false;
}

bool attach_terminal_size(uint32_t* rows, uint32_t* columns) {
  struct winsize size;
  if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == -1 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == -1)
    return false;
  *rows = size.ws_row;
  *columns = size.ws_col;
  return true;
}
