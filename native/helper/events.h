#ifndef TINYD_EVENTS_H
#define TINYD_EVENTS_H

/*
 * The journal of events, which `tinyd events` reads: lines of JSON with docker's keys, appended by every
 * command and monitor (packages/runtime/src/events/journal.ts). What an event says of its container comes
 * with the plan, written out; here only what has happened is filled in.
 */

/**
 * Appends an event of the container of the plan. `attributes`: written-out members of its own, each with a
 * comma behind it, or empty. Neither it nor `action` holds anything that JSON would have escaped. An event
 * that cannot be written is lost.
 */
void events_write(const char* action, const char* attributes);

#endif
