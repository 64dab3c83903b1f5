"""Compiles seccomp rules with libseccomp: JSON lines in, one program in base64 out for each."""

import base64
import ctypes
import json
import os
import sys

ACTIONS = {"SCMP_ACT_ALLOW": 0x7FFF0000, "SCMP_ACT_ERRNO": 0x00050000, "SCMP_ACT_LOG": 0x7FFC0000}
OPERATORS = "NE LT LE EQ GE GT MASKED_EQ".split()
ARCHITECTURES = {"SCMP_ARCH_X86_64": 0xC000003E, "SCMP_ARCH_X86": 0x40000003, "SCMP_ARCH_X32": 0x4000003E}


class Comparison(ctypes.Structure):
    _fields_ = [
        ("argument", ctypes.c_uint),
        ("operator", ctypes.c_int),
        ("a", ctypes.c_uint64),
        ("b", ctypes.c_uint64),
    ]


lib = ctypes.CDLL("libseccomp.so.2")
lib.seccomp_init.restype = ctypes.c_void_p
lib.seccomp_init.argtypes = [ctypes.c_uint32]
lib.seccomp_release.argtypes = [ctypes.c_void_p]
lib.seccomp_arch_add.argtypes = [ctypes.c_void_p, ctypes.c_uint32]
lib.seccomp_export_bpf.argtypes = [ctypes.c_void_p, ctypes.c_int]
lib.seccomp_rule_add_array.argtypes = [
    ctypes.c_void_p,
    ctypes.c_uint32,
    ctypes.c_int,
    ctypes.c_uint,
    ctypes.POINTER(Comparison),
]


def action(rule, default_errno="errnoRet"):
    value = ACTIONS[rule["action"]]
    return value | rule.get(default_errno, 1) if rule["action"] == "SCMP_ACT_ERRNO" else value


def compile_rules(rules):
    context = lib.seccomp_init(action({"action": rules["defaultAction"]}))
    for name in rules["architectures"]:
        lib.seccomp_arch_add(context, ARCHITECTURES[name])
    for rule in rules["rules"]:
        comparisons = [
            Comparison(
                arg["index"],
                OPERATORS.index(arg["op"].removeprefix("SCMP_CMP_")) + 1,
                int(arg["value"]),
                int(arg["valueTwo"]),
            )
            for arg in rule.get("args", [])
        ]
        array = (Comparison * max(len(comparisons), 1))(*comparisons)
        for name in rule["names"]:
            number = lib.seccomp_syscall_resolve_name(name.encode())
            failed = lib.seccomp_rule_add_array(context, action(rule), number, len(comparisons), array)
            if failed:
                raise OSError(-failed, f"rule for {name}")
    read, write = os.pipe()
    lib.seccomp_export_bpf(context, write)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        program = pipe.read()
    lib.seccomp_release(context)
    return program


for line in sys.stdin:
    print(base64.b64encode(compile_rules(json.loads(line))).decode(), flush=True)
