/**
 * x32, the 32-bit pointer interface of x86-64: its numbers are those of x86-64 with bit 30 set, but for these.
 * Source: arch/x86/entry/syscalls/syscall_64.tbl, rows marked x32 and 64.
 */
export const X32_OWN = `
512 rt_sigaction rt_sigreturn ioctl readv writev recvfrom sendmsg recvmsg execve ptrace rt_sigpending
rt_sigtimedwait rt_sigqueueinfo sigaltstack timer_create mq_notify kexec_load waitid set_robust_list
get_robust_list vmsplice move_pages preadv pwritev rt_tgsigqueueinfo recvmmsg sendmmsg process_vm_readv
process_vm_writev setsockopt getsockopt io_setup io_submit execveat preadv2 pwritev2
`;

/** Calls of x86-64 that x32 has not at all. */
export const X32_ABSENT = `
create_module epoll_ctl_old epoll_wait_old get_kernel_syms get_thread_area nfsservctl query_module
set_thread_area _sysctl uselib vserver
`;
