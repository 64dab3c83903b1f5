#ifndef TINYD_NETNS_H
#define TINYD_NETNS_H
#include <stddef.h>
#include <sys/types.h>

#include "plan.h"
#include "report.h"

/** Keeps the descriptor free at which messages to the host's side name the container's namespace. */
void netns_reserve(void);

/** Sends one batch of netlink messages and waits for the kernel's word; empty: nothing to do. */
void netns_send_batch(int protocol, struct plan_bytes batch, enum report_stage stage);

/** Takes the host's side of the links away, if it is not gone with the namespace; failures are ignored. */
void netns_remove_links(const struct plan* plan);

/**
 * Holds the plan's published ports bound and no others. -1 with errno set and `operand` filled when one
 * cannot be had; those held before are kept then.
 */
int netns_hold_ports(const struct plan* plan, char* operand, size_t size);

/** Binds the published ports for as long as the monitor lives, so that no other program takes them. */
void netns_claim_ports(const struct plan* plan);

/** The host's side: veth and bridge port. The container's namespace is that of `pid`. */
void netns_set_up_host(const struct plan* plan, pid_t pid);

/** Adds the port map elements. */
void netns_add_ports(const struct plan* plan);

/** Takes the port map elements out again; failures are ignored. */
void netns_remove_ports(const struct plan* plan);

/** The container's side, sent from inside. */
void netns_set_up_container(const struct plan* plan);

/** Writes the sysctls, through a procfs of our own that is mounted nowhere. */
void netns_write_sysctls(const struct plan* plan);

#endif
