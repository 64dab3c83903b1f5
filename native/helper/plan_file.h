#ifndef TINYD_PLAN_FILE_H
#define TINYD_PLAN_FILE_H

/**
 * Makes the plan in `plan` of the run folder the monitor's own, if there is one and it was replaced since it
 * was last read. packages/runtime/src/plan/plan-file.ts writes it: u64 length, the plan, and behind it what
 * concerns TypeScript alone.
 *
 * A plan that cannot be read, as that of a newer tinyd, leaves the one before in force.
 */
void plan_file_reload(void);

#endif
