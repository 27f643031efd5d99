/* A program without a C library: writes a line and ends, after so many CPUID instructions, by default none:
 *
 *     bare [COUNT]
 *
 * In a virtual machine each of them is a way to the hypervisor and back.
 */
#include <sys/syscall.h>

__asm__(".globl _start\n_start:\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall start\n");

static long call(long number, long first, const void *second, long third)
{
	long result;
	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(first), "S"(second), "d"(third)
			 : "rcx", "r11", "memory");
	return result;
}

__attribute__((noreturn, used)) void start(long *stack)
{
	const char *digit = stack[0] > 1 ? (const char *)stack[2] : "";
	long count = 0;
	for (; *digit; digit++)
		count = 10 * count + *digit - '0';
	while (count--) {
		unsigned a = 0x80000006, b, c = 0, d;
		__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	}
	call(SYS_exit_group, call(SYS_write, 1, "hello\n", 6) != 6, 0, 0);
	__builtin_unreachable();
}
