/* SPDX-License-Identifier: GPL-2.0-only */
#include "staging_target.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_log.h"

#define PAGES_MAX (1u << 16)

struct staged *staged;
struct restore_thread thread;

struct staging_order ours = { .threads = OUR_THREADS };

const struct made_call buffer_call = {
	.number = SYS_mmap,
	.arguments = { 0, BUFFER_BYTES, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, (uint64_t)-1, 0 },
};

int map_staged(void **state)
{
	staged = mmap(NULL, sizeof(*staged), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return staged == MAP_FAILED ? -1 : map_shared(state);
}

int no_mapping_yet(void **state)
{
	memset(staged, 0, sizeof(*staged));
	ours.tripwire = &staged->tripwire;
	for (int i = 0; i < CALLS_MAX; i++)
		staged->calls[i] = buffer_call;
	staged->go = 1;

	return no_target_yet(state);
}

/* --- in the process ----------------------------------------------------------------- */

/*
 * A variable in a register holds its value only until something is called, so that each
 * is copied first.
 */
struct outcome {
	uint64_t result, after[6], scratch[2], scratch_expected[2], kept[KEPT];
};

static void note(struct made_call *made, const struct outcome *outcome)
{
	made->result = (int64_t)outcome->result;
	memcpy(made->after, outcome->after, sizeof(made->after));
	memcpy(made->scratch, outcome->scratch, sizeof(made->scratch));
	memcpy(made->scratch_expected, outcome->scratch_expected,
	       sizeof(made->scratch_expected));
	memcpy(made->kept, outcome->kept, sizeof(made->kept));
}

#ifdef __x86_64__
static void call(struct made_call *made)
{
	const uint64_t *arguments = made->arguments;
	uint64_t number = made->number;
	struct outcome outcome = { .result = 0 };

	/* The red zone is left alone. RCX and R11 are where it returns, and the flags. */
	__asm__ volatile("leaq -128(%%rsp), %%rsp\n\t"
			 "pushfq\n\t"
			 "popq 80(%[outcome])\n\t"
			 "leaq 128(%%rsp), %%rsp\n\t"
			 "movq 0(%[arguments]), %%rdi\n\t"
			 "movq 8(%[arguments]), %%rsi\n\t"
			 "movq 16(%[arguments]), %%rdx\n\t"
			 "movq 24(%[arguments]), %%r10\n\t"
			 "movq 32(%[arguments]), %%r8\n\t"
			 "movq 40(%[arguments]), %%r9\n\t"
			 "movq $11, %%rbx\n\t"
			 "movq $12, %%r12\n\t"
			 "movq $13, %%r13\n\t"
			 "syscall\n"
			 "1:\n\t"
			 "movq %%rax, 0(%[outcome])\n\t"
			 "movq %%rdi, 8(%[outcome])\n\t"
			 "movq %%rsi, 16(%[outcome])\n\t"
			 "movq %%rdx, 24(%[outcome])\n\t"
			 "movq %%r10, 32(%[outcome])\n\t"
			 "movq %%r8, 40(%[outcome])\n\t"
			 "movq %%r9, 48(%[outcome])\n\t"
			 "movq %%rcx, 56(%[outcome])\n\t"
			 "movq %%r11, 64(%[outcome])\n\t"
			 "movq %%rbx, 88(%[outcome])\n\t"
			 "movq %%r12, 96(%[outcome])\n\t"
			 "movq %%r13, 104(%[outcome])\n\t"
			 "leaq 1b(%%rip), %%rcx\n\t"
			 "movq %%rcx, 72(%[outcome])"
			 : "+a"(number)
			 : [arguments] "r"(arguments), [outcome] "r"(&outcome)
			 : "rdi", "rsi", "rdx", "r10", "r8", "r9", "rcx", "r11", "rbx",
			   "r12", "r13", "memory", "cc");
	note(made, &outcome);
}
#else
/* x7 and x8 are left by a system call, too; x0 is its result. */
static void call(struct made_call *made)
{
	const uint64_t *arguments = made->arguments;
	struct outcome outcome = { .scratch_expected = { 77, made->number } };

	__asm__ volatile("ldp x0, x1, [%[arguments]]\n\t"
			 "ldp x2, x3, [%[arguments], #16]\n\t"
			 "ldp x4, x5, [%[arguments], #32]\n\t"
			 "mov x7, #77\n\t"
			 "mov x8, %[number]\n\t"
			 "mov x19, #11\n\t"
			 "mov x20, #12\n\t"
			 "mov x21, #13\n\t"
			 "svc #0\n\t"
			 "stp x0, xzr, [%[outcome]]\n\t"
			 "stp x1, x2, [%[outcome], #16]\n\t"
			 "stp x3, x4, [%[outcome], #32]\n\t"
			 "str x5, [%[outcome], #48]\n\t"
			 "stp x7, x8, [%[outcome], #56]\n\t"
			 "stp x19, x20, [%[outcome], #88]\n\t"
			 "str x21, [%[outcome], #104]"
			 :
			 : [arguments] "r"(arguments), [outcome] "r"(&outcome),
			   [number] "r"(made->number)
			 : "x0", "x1", "x2", "x3", "x4", "x5", "x7", "x8", "x19", "x20",
			   "x21", "memory", "cc");
	outcome.after[0] = arguments[0];
	note(made, &outcome);
}
#endif

static bool is_error(int64_t result)
{
	return result < 0 && result > -4096;
}

static void look_at(struct made_call *made)
{
	static unsigned char resident[PAGES_MAX];
	char *memory = (char *)(intptr_t)made->result;
	const size_t bytes = made->arguments[1];
	const size_t pages = (bytes + 4095) / 4096;

	made->is_zero = made->number != SYS_mmap;
	if (!memory || made->number != SYS_mmap || is_error(made->result) ||
	    pages > PAGES_MAX || mincore(memory, bytes, resident) < 0)
		return;

	for (size_t i = 0; i < pages; i++)
		made->resident += resident[i] & 1;
	made->is_zero = true;
	for (size_t i = 0; i < bytes && made->arguments[2] & PROT_READ; i += 8)
		made->is_zero &= *(uint64_t *)(memory + i) == 0;
}

void body_map(void)
{
	staged->memory = mmap(NULL, MEMORY_BYTES, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(staged->memory, 1, MEMORY_BYTES);
	while (!shared->leave) {
		if (staged->made < staged->go) {
			struct made_call *made = &staged->calls[staged->made];

			call(made);
			look_at(made);
			made->is_done = true;
			staged->made++;
		}
		note_mask();
		shared->count[RESTORE]++;
		usleep(500);
	}
}

/* --- of the test -------------------------------------------------------------------- */

void start_staged(unsigned int threads)
{
	const struct staging_order order = { .threads = threads,
					     .tripwire = &staged->tripwire };
	const int go = staged->go;

	staged->go = 0;
	start_target(body_map, true);
	staged->go = go;
	assert_int_equal(restore_thread_run(target, restore_tid(), &order, &thread), 0);
}

static int awaited;

static bool is_made_tended(void)
{
	assert_int_equal(restore_thread_tend(&thread), 0);
	return staged->calls[awaited].is_done;
}

void tend_until_made(int i)
{
	awaited = i;
	await(is_made_tended);
}

/* The registers are what the kernel leaves after such a call, and nobody else changes. */
void assert_made_well(int i)
{
	static const uint64_t kept[KEPT] = { 11, 12, 13 };
	const struct made_call *made = &staged->calls[i];

	assert_memory_equal(made->after, made->arguments, sizeof(made->after));
	assert_memory_equal(made->scratch, made->scratch_expected, sizeof(made->scratch));
	assert_memory_equal(made->kept, kept, sizeof(kept));
	assert_true(is_error(made->result) || made->is_zero);
}

size_t pages_of(int i)
{
	return (staged->calls[i].arguments[1] + 4095) / 4096;
}

void assert_populated(int i)
{
	assert_int_equal(staged->calls[i].resident, pages_of(i));
}

size_t huge_kb_of(int i)
{
	const unsigned long address = (unsigned long)staged->calls[i].result;
	const unsigned long end = address + staged->calls[i].arguments[1];
	unsigned long first, last, kb = 0;
	char path[64], line[512];
	bool is_it = false;
	FILE *smaps;

	snprintf(path, sizeof(path), "/proc/%d/smaps", target);
	smaps = fopen(path, "re");
	assert_non_null(smaps);
	while (fgets(line, sizeof(line), smaps)) {
		if (sscanf(line, "%lx-%lx ", &first, &last) == 2)
			is_it = first <= address && end <= last;
		else if (is_it && sscanf(line, "AnonHugePages: %lu kB", &kb) == 1)
			break;
	}
	fclose(smaps);

	return kb;
}

bool machine_has_huge_pages(void)
{
	FILE *file = fopen("/sys/kernel/mm/transparent_hugepage/enabled", "re");
	char line[64] = "";

	if (!file)
		return false;
	if (!fgets(line, sizeof(line), file))
		line[0] = '\0';
	fclose(file);

	return strstr(line, "[always]") || strstr(line, "[madvise]");
}

void assert_buffer_is_of(int i)
{
	const struct made_call *made = &staged->calls[i < 0 ? 0 : i];
	uint64_t address = 77, bytes = 77;

	restore_thread_buffer(&thread, &address, &bytes);

	assert_true(address == (i < 0 ? 0 : (uint64_t)made->result));
	assert_true(bytes == (i < 0 ? 0 : made->arguments[1]));
}

void stop_well(void)
{
	assert_int_equal(restore_thread_stop(&thread), 0);
	assert_false(atomic_load(&staged->tripwire.is_set));
	for (int i = 0; i < THREADS; i++)
		assert_held(shared->tids[i]);
	assert_int_equal(mask_of(restore_tid()), BIT(SIGHUP) | BIT(SIGRTMAX));
}

static bool has_made_awaited(void)
{
	return staged->made == awaited && restore_thread_went_on();
}

void go_on_and_end_well(int made)
{
	note_counts();
	detach_all();
	awaited = made;
	await(has_made_awaited);
	for (int i = 0; i < made; i++)
		assert_made_well(i);
}

bool says_populated(void)
{
	return fake_log_has("was populated by ");
}
