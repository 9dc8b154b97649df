/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the caller may do, what the kernel lets be done, and the memory of the host.
 */
#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/syscall.h>

#include "examination.h"
#include "host_room.h"
#include "memory_file.h"
#include "quantity.h"

#ifndef CAP_CHECKPOINT_RESTORE
#define CAP_CHECKPOINT_RESTORE 40
#endif

#define YAMA	      "/proc/sys/kernel/yama"
#define YAMA_FILE     "ptrace_scope"
#define YAMA_FORBIDS  3
#define CHILDREN_FILE "/proc/thread-self/children"

/* --- rights ------------------------------------------------------------------------- */

static bool has_capability(const struct __user_cap_data_struct *sets, unsigned int number)
{
	return sets[number / 32].effective & (1u << number % 32);
}

void check_rights(struct examination *examination, struct diagnosis *ret_diagnosis)
{
	struct __user_cap_header_struct header = { .version =
							   _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];
	bool may_trace;

	(void)examination;
	memset(sets, 0, sizeof(sets));
	if (syscall(SYS_capget, &header, sets) < 0) {
		diagnosis_find(ret_diagnosis, GRADE_ERROR,
			       "the capabilities cannot be seen: %s", strerror(errno));
		return;
	}

	may_trace = has_capability(sets, CAP_SYS_PTRACE);
	if (may_trace && has_capability(sets, CAP_SYS_ADMIN)) {
		diagnosis_find(ret_diagnosis, GRADE_OK,
			       "user %u has CAP_SYS_ADMIN and CAP_SYS_PTRACE",
			       (unsigned int)geteuid());
	} else if (may_trace && has_capability(sets, CAP_CHECKPOINT_RESTORE)) {
		diagnosis_find(ret_diagnosis, GRADE_WARNING,
			       "CRIU works with --unprivileged only, without "
			       "CAP_SYS_ADMIN: much cannot be dumped then");
		diagnosis_advise(ret_diagnosis, "run CRIU as root");
	} else {
		diagnosis_find(
			ret_diagnosis, GRADE_ERROR,
			"user %u lacks %s work on processes of others",
			(unsigned int)geteuid(),
			may_trace ? "CAP_SYS_ADMIN: CRIU may not"
				  : "CAP_SYS_PTRACE: neither CRIU nor the utility may");
		diagnosis_advise(ret_diagnosis, "run CRIU, and criu-cuda, as root");
	}
}

/* --- the kernel --------------------------------------------------------------------- */

void check_kernel(struct examination *examination, struct diagnosis *ret_diagnosis)
{
	uint64_t scope = 0;

	(void)examination;
	/* Without Yama there is no such file. */
	if (!memory_file_read(YAMA, YAMA_FILE, NULL, &scope) && scope == YAMA_FORBIDS) {
		diagnosis_find(ret_diagnosis, GRADE_ERROR,
			       "nobody may trace: " YAMA "/" YAMA_FILE " is 3");
		diagnosis_advise(ret_diagnosis, "it stays so until the next boot: set "
						"kernel.yama.ptrace_scope to 1 or 2");
	} else if (access(CHILDREN_FILE, R_OK) < 0) {
		diagnosis_find(ret_diagnosis, GRADE_ERROR,
			       "the children of processes cannot be listed: there is "
			       "no " CHILDREN_FILE);
		diagnosis_advise(ret_diagnosis,
				 "a kernel with CONFIG_PROC_CHILDREN is needed");
	} else {
		diagnosis_find(ret_diagnosis, GRADE_OK,
			       "it lets processes be traced, and lists their children");
	}
}

/* --- memory ------------------------------------------------------------------------- */

static uint64_t largest_gpu(const struct gpu_list *gpus)
{
	uint64_t largest = 0;

	for (size_t i = 0; i < gpus->count; i++)
		if (gpus->at[i].memory > largest)
			largest = gpus->at[i].memory;

	return largest;
}

void check_memory(struct examination *examination, struct diagnosis *ret_diagnosis)
{
	const uint64_t largest = largest_gpu(&examination->gpus);
	char room_text[QUANTITY_SIZE], gpu_text[QUANTITY_SIZE];
	struct host_room room;
	int ret;

	ret = host_room_find(&room);
	if (ret) {
		diagnosis_find(ret_diagnosis, GRADE_WARNING,
			       "how much there is cannot be seen: %s", strerror(-ret));
		return;
	}

	quantity_bytes(room.bytes, room_text);
	quantity_bytes(largest, gpu_text);
	if (room.bytes < largest) {
		diagnosis_find(ret_diagnosis, GRADE_WARNING,
			       "%s in %s, and a GPU has %s: a process that fills it "
			       "cannot be dumped",
			       room_text, room.place, gpu_text);
		diagnosis_advise(ret_diagnosis,
				 "make room, or raise the limit of the cgroup");
	} else {
		diagnosis_find(ret_diagnosis, GRADE_OK, "%s available, in %s", room_text,
			       room.place);
	}
}
