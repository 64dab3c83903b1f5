#ifndef TINYD_INIT_REAPER_H
#define TINYD_INIT_REAPER_H

/**
 * `--init`: returns in a child that is to become the program. This process stays as PID 1: it reaps what is
 * orphaned, forwards signals to the program and ends with the program's status (128 + n when signal n killed
 * it).
 */
void init_reaper_split(void);

#endif
