/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * System calls without the C library: straight to the kernel, 0 or more or -errno, errno is not
 * touched, no cancellation point, no lock. For the INIT lane, which also runs in a child forked off
 * a program with threads, where nothing of the C library may be relied on; and for calls that a C
 * library lacks. On machines whose calling convention is not spelled out here the C library's
 * syscall(2) is asked instead.
 *
 * Each wrapper is named sys_ and the call, takes the call's arguments in its order, and asks for
 * close-on-exec wherever a descriptor is made. Source: the calls' pages in section 2.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#if defined(__clang_analyzer__)

/* It does not see what assembler writes to memory; of functions it takes that for granted. */
long sys_call6(long number, long a, long b, long c, long d, long e, long f);
long sys_call3(long number, long a, long b, long c);
long sys_clone_body(unsigned long flags, void *top, int (*body)(void *), void *argument);

#elif defined(__x86_64__)

static inline long sys_call6(long number, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

static inline long sys_call3(long number, long a, long b, long c)
{
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(number), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return ret;
}

/*
 * A child on a stack of its own that shares everything in memory with the caller, who waits until
 * it has exec'ed or ended. The child runs body(argument) and ends with what that returns. `top` is
 * the 16-aligned upper end of its stack. `flags` are those of clone(2) with the exit signal.
 * Returns the pid or -errno.
 */
static inline long sys_clone_body(unsigned long flags, void *top, int (*body)(void *),
				  void *argument)
{
	void **stack = (void **)top - 2;
	register long r10 __asm__("r10") = 0;
	long ret;

	stack[0] = (void *)body;
	stack[1] = argument;
	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "pop %%rax\n\t"
			 "pop %%rdi\n\t"
			 "call *%%rax\n\t"
			 "mov %%eax, %%edi\n\t"
			 "mov %[exit], %%eax\n\t"
			 "syscall\n"
			 "1:"
			 : "=a"(ret)
			 : "a"(__NR_clone), "D"(flags), "S"(stack), "d"(0L),
			   "r"(r10), [exit] "i"(__NR_exit)
			 : "rcx", "r11", "memory");
	return ret;
}

#elif defined(__aarch64__)

static inline long sys_call6(long number, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
}

static inline long sys_call3(long number, long a, long b, long c)
{
	return sys_call6(number, a, b, c, 0, 0, 0);
}

/* As above. */
static inline long sys_clone_body(unsigned long flags, void *top, int (*body)(void *),
				  void *argument)
{
	void **stack = (void **)top - 2;
	register long x8 __asm__("x8") = __NR_clone;
	register long x0 __asm__("x0") = (long)flags;
	register long x1 __asm__("x1") = (long)stack;
	register long x2 __asm__("x2") = 0;
	register long x3 __asm__("x3") = 0;
	register long x4 __asm__("x4") = 0;

	stack[0] = (void *)body;
	stack[1] = argument;
	__asm__ volatile("svc 0\n\t"
			 "cbnz x0, 1f\n\t"
			 "mov x29, 0\n\t"
			 "ldp x1, x0, [sp], 16\n\t"
			 "blr x1\n\t"
			 "mov x8, %[exit]\n\t"
			 "svc 0\n"
			 "1:"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), [exit] "i"(__NR_exit)
			 : "memory");
	return x0;
}

#else

static inline long sys_call6(long number, long a, long b, long c, long d, long e, long f)
{
	long ret = syscall(number, a, b, c, d, e, f);

	return ret < 0 ? -errno : ret;
}

static inline long sys_call3(long number, long a, long b, long c)
{
	return sys_call6(number, a, b, c, 0, 0, 0);
}

/* As above, but for a child with a copy of the memory: it costs page tables, no assembler. */
static inline long sys_clone_body(unsigned long flags, void *top, int (*body)(void *),
				  void *argument)
{
	const unsigned long shared = 0x100 | 0x4000; /* CLONE_VM, CLONE_VFORK */
	long ret = sys_call6(__NR_clone, (long)(flags & ~shared), 0, 0, 0, 0, 0);

	if (ret == 0)
		sys_call3(__NR_exit_group, body(argument), 0, 0);
	return ret;
}

#endif

/* -- descriptors and files */

static inline int sys_close(int fd)
{
	return (int)sys_call3(__NR_close, fd, 0, 0);
}

/* From `first` on, all descriptors get close-on-exec (Linux 5.11). */
static inline int sys_close_range_on_exec(unsigned first)
{
	return (int)sys_call3(__NR_close_range, first, 0xffffffffL, 4);
}

/* From `first` to `last`, close now (Linux 5.9). */
static inline int sys_close_range(unsigned first, unsigned last)
{
	return (int)sys_call3(__NR_close_range, (long)first, (long)last, 0);
}

static inline ssize_t sys_read(int fd, void *bytes, size_t length)
{
	return sys_call3(__NR_read, fd, (long)bytes, (long)length);
}

static inline ssize_t sys_write(int fd, const void *bytes, size_t length)
{
	return sys_call3(__NR_write, fd, (long)bytes, (long)length);
}

static inline int sys_openat(int dirfd, const char *path, int flags, mode_t mode)
{
	return (int)sys_call6(__NR_openat, dirfd, (long)path, flags | O_CLOEXEC, (long)mode, 0, 0);
}

static inline int sys_openat2(int dirfd, const char *path, const struct open_how *how)
{
	return (int)sys_call6(__NR_openat2, dirfd, (long)path, (long)how, sizeof(*how), 0, 0);
}

static inline int sys_dup3(int fd, int target, int flags)
{
	return (int)sys_call3(__NR_dup3, fd, target, flags);
}

static inline int sys_fcntl(int fd, int command, long argument)
{
	return (int)sys_call3(__NR_fcntl, fd, command, argument);
}

static inline int sys_ioctl(int fd, unsigned long request, const void *argument)
{
	return (int)sys_call3(__NR_ioctl, fd, (long)request, (long)argument);
}

/* The structure is the kernel's: that of the C libraries is the same on 64-bit machines. */
static inline int sys_fstat(int fd, struct stat *ret)
{
	return (int)sys_call3(__NR_fstat, fd, (long)ret, 0);
}

/* `ret` is a struct statfs of the C library, which is the kernel's on 64-bit machines. */
static inline int sys_fstatfs(int fd, void *ret)
{
	return (int)sys_call3(__NR_fstatfs, fd, (long)ret, 0);
}

static inline int sys_statx(int dirfd, const char *path, int flags, unsigned mask, void *ret)
{
	return (int)sys_call6(__NR_statx, dirfd, (long)path, flags, (long)mask, (long)ret, 0);
}

/* access(2) by the real ids. */
static inline int sys_faccessat(int dirfd, const char *path, int mode)
{
	return (int)sys_call3(__NR_faccessat, dirfd, (long)path, mode);
}

static inline int sys_mkdirat(int dirfd, const char *path, mode_t mode)
{
	return (int)sys_call3(__NR_mkdirat, dirfd, (long)path, (long)mode);
}

static inline int sys_mknodat(int dirfd, const char *path, mode_t mode, dev_t device)
{
	return (int)sys_call6(__NR_mknodat, dirfd, (long)path, (long)mode, (long)device, 0, 0);
}

static inline int sys_symlinkat(const char *text, int dirfd, const char *path)
{
	return (int)sys_call3(__NR_symlinkat, (long)text, dirfd, (long)path);
}

static inline int sys_unlinkat(int dirfd, const char *path, int flags)
{
	return (int)sys_call3(__NR_unlinkat, dirfd, (long)path, flags);
}

static inline int sys_fchown(int fd, uid_t uid, gid_t gid)
{
	return (int)sys_call3(__NR_fchown, fd, (long)uid, (long)gid);
}

static inline mode_t sys_umask(mode_t mask)
{
	return (mode_t)sys_call3(__NR_umask, (long)mask, 0, 0);
}

static inline int sys_chdir(const char *path)
{
	return (int)sys_call3(__NR_chdir, (long)path, 0, 0);
}

static inline int sys_fchdir(int fd)
{
	return (int)sys_call3(__NR_fchdir, fd, 0, 0);
}

/* -- sockets */

static inline int sys_socket(int domain, int type, int protocol)
{
	return (int)sys_call3(__NR_socket, domain, type | SOCK_CLOEXEC, protocol);
}

static inline int sys_bind(int fd, const void *address, socklen_t length)
{
	return (int)sys_call3(__NR_bind, fd, (long)address, (long)length);
}

static inline int sys_setsockopt(int fd, int level, int option, const void *value, socklen_t length)
{
	return (int)sys_call6(__NR_setsockopt, fd, level, option, (long)value, (long)length, 0);
}

static inline int sys_socketpair(int domain, int type, int protocol, int ret[2])
{
	return (int)sys_call6(__NR_socketpair, domain, type | SOCK_CLOEXEC, protocol, (long)ret, 0,
			      0);
}

static inline ssize_t sys_sendmsg(int fd, const struct msghdr *message, int flags)
{
	return sys_call3(__NR_sendmsg, fd, (long)message, flags | MSG_NOSIGNAL);
}

static inline ssize_t sys_recvmsg(int fd, struct msghdr *message, int flags)
{
	return sys_call3(__NR_recvmsg, fd, (long)message, flags | MSG_CMSG_CLOEXEC);
}

static inline ssize_t sys_sendto(int fd, const void *bytes, size_t length, const void *address,
				 socklen_t address_length)
{
	return sys_call6(__NR_sendto, fd, (long)bytes, (long)length, MSG_NOSIGNAL, (long)address,
			 (long)address_length);
}

static inline ssize_t sys_recvfrom(int fd, void *bytes, size_t length, int flags, void *address,
				   socklen_t *address_length)
{
	return sys_call6(__NR_recvfrom, fd, (long)bytes, (long)length, flags, (long)address,
			 (long)address_length);
}

/* -- processes, signals, time */

/* Ends the whole process. */
_Noreturn static inline void sys_exit(int status)
{
	for (;;)
		sys_call3(__NR_exit_group, status, 0, 0);
}

static inline pid_t sys_getpid(void)
{
	return (pid_t)sys_call3(__NR_getpid, 0, 0, 0);
}

static inline int sys_execve(const char *path, const char *const *argv, const char *const *envp)
{
	return (int)sys_call3(__NR_execve, (long)path, (long)argv, (long)envp);
}

static inline pid_t sys_wait4(pid_t pid, int *ret_status, int options)
{
	return (pid_t)sys_call6(__NR_wait4, pid, (long)ret_status, options, 0, 0, 0);
}

static inline int sys_kill(pid_t pid, int number)
{
	return (int)sys_call3(__NR_kill, pid, number, 0);
}

/* Masks have bit n - 1 for signal n. `ret_old` may be NULL. */
static inline int sys_sigmask(int how, const uint64_t *mask, uint64_t *ret_old)
{
	return (int)sys_call6(__NR_rt_sigprocmask, how, (long)mask, (long)ret_old, sizeof(*mask), 0,
			      0);
}

/* `action` is a struct kernel_sigaction of sys/kernel.h. */
static inline int sys_sigaction(int number, const void *action)
{
	return (int)sys_call6(__NR_rt_sigaction, number, (long)action, 0, sizeof(uint64_t), 0, 0);
}

/* The same, to look at it. */
static inline int sys_sigaction_read(int number, void *ret_action)
{
	return (int)sys_call6(__NR_rt_sigaction, number, 0, (long)ret_action, sizeof(uint64_t), 0,
			      0);
}

/* Wait for one of the signals of the mask; `ret_info` is a siginfo_t, `timeout` a timespec or NULL.
 * Its number, or -errno (-EAGAIN: the time is over). */
static inline int sys_sigwait(const uint64_t *mask, void *ret_info, const void *timeout)
{
	return (int)sys_call6(__NR_rt_sigtimedwait, (long)mask, (long)ret_info, (long)timeout,
			      sizeof(*mask), 0, 0);
}

static inline int sys_nanosleep(const void *timespec)
{
	return (int)sys_call3(__NR_nanosleep, (long)timespec, 0, 0);
}

static inline int sys_clock_gettime(int clock, void *ret_timespec)
{
	return (int)sys_call3(__NR_clock_gettime, clock, (long)ret_timespec, 0);
}

static inline ssize_t sys_getrandom(void *bytes, size_t length)
{
	return sys_call3(__NR_getrandom, (long)bytes, (long)length, 0);
}

static inline int sys_prctl(int option, unsigned long a, unsigned long b, unsigned long c)
{
	return (int)sys_call6(__NR_prctl, option, (long)a, (long)b, (long)c, 0, 0);
}

static inline int sys_unshare(unsigned long flags)
{
	return (int)sys_call3(__NR_unshare, (long)flags, 0, 0);
}

static inline int sys_setns(int fd, unsigned long flags)
{
	return (int)sys_call3(__NR_setns, fd, (long)flags, 0);
}

static inline int sys_munmap(const void *address, size_t length)
{
	return (int)sys_call3(__NR_munmap, (long)address, (long)length, 0);
}
