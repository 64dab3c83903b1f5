#ifndef TINYD_MONITOR_SETUP_H
#define TINYD_MONITOR_SETUP_H

/**
 * Makes the process that the caller has started a monitor: plan read, out of the caller's session, the only
 * one that holds the lock of its folder, with its log and its socket open. Fails by fail().
 */
void monitor_set_up(void);

#endif
