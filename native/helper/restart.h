#ifndef TINYD_RESTART_H
#define TINYD_RESTART_H
#include <stdbool.h>
#include <stdint.h>

/**
 * Whether the process that has just ended is to be started again by the plan in force, and after how many
 * milliseconds: docker's back-off.
 */
bool restart_due(int64_t* delay_ms);

/** Whether a user has stopped the container: the file `stopped` in its state folder says so. */
bool restart_is_forbidden(void);

/**
 * Takes the container's lock, so that nobody changes the container or looks at its files while it is started
 * again. Others may hold it for long. False: told to stop meanwhile.
 */
bool restart_lock(void);

/** Gives the lock back; harmless without it. */
void restart_unlock(void);

/** Notes that a user has asked for the end. */
void restart_forbid(void);

/** Whether a signal that a user sends asks for the end: the container's own stop signal, INT, QUIT, TERM,
 * KILL. */
bool restart_is_end_signal(uint32_t number);

#endif
