#ifndef TINYD_CONNECT_H
#define TINYD_CONNECT_H

/**
 * Changes the network of a running container: the sub-mode `tinyd-init connect`. Descriptors: 3 a plan that
 * joins the container (of which only the network's batches and sysctls count), 4 the report.
 */
int connect_main(void);

#endif
