// Makes system calls under a seccomp filter and reports how each came out.
//
// Input: u32 filter length in instructions, the filter, u32 count, then per call {u32 interface, u32 number,
// u64 argument[6]}; interface 0: the native instruction, 1: int $0x80. Output per call: i32, the result, -errno, or
// -1000 - signal where the call ended the process.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct call {
  uint32_t interface;
  uint32_t number;
  uint64_t argument[6];
};

struct results {
  uint32_t done;
  int32_t value[];
};

static int32_t call_native(const struct call* call) {
  const uint64_t* a = call->argument;
#if defined(__x86_64__)
  register uint64_t r10 __asm__("r10") = a[3];
  register uint64_t r8 __asm__("r8") = a[4];
  register uint64_t r9 __asm__("r9") = a[5];
  int64_t result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"((uint64_t)call->number), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return (int32_t)result;
#else
  register uint64_t x8 __asm__("x8") = call->number;
  register uint64_t x0 __asm__("x0") = a[0];
  register uint64_t x1 __asm__("x1") = a[1];
  register uint64_t x2 __asm__("x2") = a[2];
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
  return (int32_t)x0;
#endif
}

static int32_t call_i386(const struct call* call) {
#if defined(__x86_64__)
  int32_t result;
  __asm__ volatile("int $0x80"
                   : "=a"(result)
                   : "a"(call->number), "b"((uint32_t)call->argument[0]), "c"((uint32_t)call->argument[1]),
                     "d"((uint32_t)call->argument[2])
                   : "r8", "r9", "r10", "r11", "memory");
  return result;
#else
  (void)call;
  return -1000;
#endif
}

static void* read_all(size_t size) {
  void* data = malloc(size);
  if (data == NULL || (size > 0 && fread(data, size, 1, stdin) != 1)) exit(2);
  return data;
}

// From here on every call may be refused: the results go through shared memory, the end is a trap.
static void probe(const struct sock_fprog* program, const struct call* calls, uint32_t count,
                  struct results* results) {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) exit(3);
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, program) != 0) exit(4);
  for (uint32_t i = results->done; i < count; i++) {
    int32_t result = calls[i].interface == 0 ? call_native(&calls[i]) : call_i386(&calls[i]);
    results->value[i] = result;
    results->done = i + 1;
  }
  __builtin_trap();
}

int main(void) {
  uint32_t length = *(uint32_t*)read_all(4);
  struct sock_fprog program = {.len = (unsigned short)length, .filter = read_all((size_t)length * 8)};
  uint32_t count = *(uint32_t*)read_all(4);
  const struct call* calls = read_all(count * sizeof(struct call));
  size_t size = sizeof(struct results) + count * sizeof(int32_t);
  struct results* results = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (results == MAP_FAILED) return 2;
  while (results->done < count) {
    uint32_t before = results->done;
    pid_t child = fork();
    if (child < 0) return 2;
    if (child == 0) probe(&program, calls, count, results);
    int status = 0;
    if (waitpid(child, &status, 0) != child) return 2;
    if (WIFEXITED(status)) return WEXITSTATUS(status);
    if (results->done < count) results->value[results->done++] = -1000 - WTERMSIG(status);
    if (results->done == before) return 5;
  }
  return fwrite(results->value, sizeof(int32_t), count, stdout) == count ? 0 : 2;
}
