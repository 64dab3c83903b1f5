#ifndef TINYD_TERMINAL_H
#define TINYD_TERMINAL_H
#include "plan.h"

/** A pseudo-terminal of the container's own devpts. */
struct terminal {
  int master;
  int slave;
};

/** Opens one below `root`, of the size that the plan says. */
struct terminal terminal_open(const struct plan_session* session, int root);

/** Shows the terminal as /dev/console. */
void terminal_bind_console(int root, int slave);

/** Makes the terminal the controlling one of this session. */
void terminal_control(int slave);

#endif
