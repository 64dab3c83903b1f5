#ifndef TINYD_THAW_H
#define TINYD_THAW_H

/**
 * Lets a container's processes run on when the command that has frozen them is killed. The command holds the
 * other end of the socket on descriptor 3: a byte from it says that it has seen to that itself, an end
 * without one that it is gone. Then `word` is written to the freezer's file on descriptor 4
 * (cgroup-v1/freezer-subsystem.rst, cgroup-v2.rst).
 */
int thaw_main(const char* word);

#endif
