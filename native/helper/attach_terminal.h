#ifndef TINYD_ATTACH_TERMINAL_H
#define TINYD_ATTACH_TERMINAL_H
#include <stdbool.h>
#include <stdint.h>

#include "attach_keys.h"

/** Puts the terminal at stdin into raw mode. Nothing happens when stdin is none. */
void attach_terminal_raw(void);

/**
 * Lets the keys (one at least) arrive while the terminal still edits lines and makes signals. Nothing happens
 * in the background, or when stdin is no terminal. `lines_matter`: false where what is typed goes nowhere.
 */
void attach_terminal_watch(const struct attach_keys* keys, bool lines_matter);

/** False where reading stdin would stop us: a terminal whose foreground belongs to others. */
bool attach_terminal_may_read(void);

/** Puts it back as it was; safe to call at any time. */
void attach_terminal_restore(void);

/** Size of the terminal at stdin (or stdout). False when there is none. */
bool attach_terminal_size(uint32_t* rows, uint32_t* columns);

#endif
