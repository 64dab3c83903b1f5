#ifndef TINYD_TEARDOWN_H
#define TINYD_TEARDOWN_H
#include <stdbool.h>

/**
 * Undoes what the start of the session made: cgroups, ports, address, socket. Each step is tried whatever
 * became of the others. `remove` carries out --rm as well.
 */
void teardown(bool remove);

#endif
