#ifndef TINYD_STATE_H
#define TINYD_STATE_H

/**
 * Replaces state.json by what is so now: "running"; "restarting" or "exited" once the outcome
 * is known.
 * -1 with errno set on failure; the file is then as it was.
 */
int state_write(void);

#endif
