#ifndef TINYD_ATTACH_TERMINAL_H
#define TINYD_ATTACH_TERMINAL_H
#include <stdbool.h>
#include <stdint.h>

/** Puts the terminal at stdin into raw mode. Nothing happens when stdin is none. */
void attach_terminal_raw(void);

/** Puts it back as it was; safe to call at any time. */
void attach_terminal_restore(void);

/** Size of the terminal at stdin (or stdout). False when there is none. */
bool attach_terminal_size(uint32_t* rows, uint32_t* columns);

#endif
