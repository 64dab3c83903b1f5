"""Loads the eBPF program on standard input and attaches it to the v2 cgroup that the argument names."""

import ctypes
import os
import struct
import sys

SYS_BPF = {"x86_64": 321, "aarch64": 280}[os.uname().machine]
PROG_LOAD, PROG_ATTACH = 5, 8
TYPE_CGROUP_DEVICE, ATTACH_CGROUP_DEVICE = 15, 6

libc = ctypes.CDLL(None, use_errno=True)


def bpf(command, attributes):
    buffer = ctypes.create_string_buffer(attributes, 128)
    result = libc.syscall(SYS_BPF, command, buffer, 128)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


program = sys.stdin.buffer.read()
instructions = ctypes.create_string_buffer(program, len(program))
licence = ctypes.create_string_buffer(b"Apache-2.0")
log = ctypes.create_string_buffer(65536)
load = struct.pack(
    "IIQQIIQ",
    TYPE_CGROUP_DEVICE,
    len(program) // 8,
    ctypes.addressof(instructions),
    ctypes.addressof(licence),
    1,
    len(log),
    ctypes.addressof(log),
)
try:
    loaded = bpf(PROG_LOAD, load)
except OSError as error:
    sys.exit(f"{error}: {log.value.decode()}")
cgroup = os.open(sys.argv[1], os.O_RDONLY | os.O_DIRECTORY)
bpf(PROG_ATTACH, struct.pack("IIII", cgroup, loaded, ATTACH_CGROUP_DEVICE, 0))
