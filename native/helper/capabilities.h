#ifndef TINYD_CAPABILITIES_H
#define TINYD_CAPABILITIES_H
#include "plan.h"

/** Drops everything from the bounding set that the plan does not list. */
void capabilities_bound(const struct plan_process* process);

/** Takes the user's and groups' IDs, keeping the capabilities for what follows. */
void capabilities_become_user(const struct plan* plan);

/** Sets effective, permitted, inheritable and ambient as the plan says. */
void capabilities_set(const struct plan_process* process);

#endif
