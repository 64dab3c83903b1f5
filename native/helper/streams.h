#ifndef TINYD_STREAMS_H
#define TINYD_STREAMS_H
#include "process.h"

/** Makes the pipes between container and monitor, or for a terminal nothing yet. Gives the container's ends.
 */
struct process_stdio streams_make(void);

/** Closes the container's ends in this process. */
void streams_close_child(const struct process_stdio* child);

/** Registers the streams with the event loop under these tags. */
void streams_watch(int epoll, uint64_t out_tag, uint64_t err_tag, uint64_t in_tag);

/** Reads one piece of a stream that is ready, for the log and the clients. */
void streams_read(bool is_stderr);

/** Passes input of the clients on as far as the container takes it. */
void streams_write(void);

/** Pauses reading while a client does not keep up, goes on when it does; looks for input that waits. */
void streams_update(void);

/** Reads what is left after the end, and closes our side. */
void streams_finish(void);

/** Prepares for the next run of a process that is started again. */
void streams_reset(void);

/** Closes the container's stdin once the input that came is passed on. */
void streams_end_input(void);

/** Changes the terminal's size; without one nothing happens. */
void streams_resize(uint32_t rows, uint32_t columns);

#endif
