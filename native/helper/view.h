#ifndef TINYD_VIEW_H
#define TINYD_VIEW_H

/**
 * Sends a descriptor of a container's files to whoever asked, and ends. The request is on descriptor 3
 * (packages/runtime/src/files/view.ts writes it), the answer goes to the socket on descriptor 4.
 *
 * The descriptor is a detached copy of the mounts: it is in no mount table, shows no later mount, and is gone
 * with its last holder, however that ends. Nothing of the container is executed.
 */
int view_main(void);

#endif
