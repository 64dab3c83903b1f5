#ifndef TINYD_STATE_H
#define TINYD_STATE_H
#include <stddef.h>

/**
 * Replaces state.json by what is so now: "running"; "restarting" or "exited" once the outcome
 * is known.
 * -1 with errno set on failure; the file is then as it was.
 */
int state_write(void);

/** Replaces a file of the state folder as a whole. -1 with errno set on failure; the file is then as it was.
 */
int state_replace(const char* name, const char* text, size_t length);

#endif
