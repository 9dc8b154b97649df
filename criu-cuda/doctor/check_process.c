/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A process and those below it: would a dump of them work?
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "at_work.h"
#include "driver_version.h"
#include "examination.h"
#include "gpu_sharing.h"
#include "memory_answer.h"
#include "memory_room.h"
#include "proc.h"
#include "process_tree.h"
#include "quantity.h"
#include "remedy.h"

#define LIST_SIZE 512
#define ANSWER_MS 10000

/* Add to the list @text, as far as it has room. */
static void printf_format(2, 3) add(char text[LIST_SIZE], const char *format, ...)
{
	const size_t length = strlen(text);
	va_list values;

	snprintf(text + length, LIST_SIZE - length, "%s", length ? ", " : "");
	va_start(values, format);
	vsnprintf(text + strlen(text), LIST_SIZE - strlen(text), format, values);
	va_end(values);
}

/* --- the tree ----------------------------------------------------------------------- */

/* Return: 0, or -errno with the pid that cannot be read. */
static int find_candidates(struct patient *patient, pid_t *ret_pid)
{
	patient->cuda = calloc(patient->tree_count, sizeof(*patient->cuda));
	if (!patient->cuda)
		return -ENOMEM;

	for (size_t i = 0; i < patient->tree_count; i++) {
		bool may_be = false;
		int ret;

		*ret_pid = patient->tree[i];
		ret = proc_may_be_cuda(patient->tree[i], &may_be);
		if (ret && ret != -ESRCH)
			return ret;
		if (may_be)
			patient->cuda[patient->cuda_count++] = patient->tree[i];
	}

	return 0;
}

void check_tree(struct examination *examination, struct diagnosis *ret_diagnosis)
{
	struct patient *patient = &examination->patient;
	pid_t unreadable = patient->pid;
	char list[LIST_SIZE] = "";
	int ret;

	ret = process_tree_list(patient->pid, &patient->tree, &patient->tree_count);
	if (!ret)
		ret = find_candidates(patient, &unreadable);
	if (ret == -ESRCH) {
		diagnosis_find(ret_diagnosis, GRADE_ERROR, "there is no process %d",
			       (int)patient->pid);
		diagnosis_advise(ret_diagnosis, "see ps for its pid");
		return;
	}
	if (ret) {
		patient->cuda_count = 0;
		diagnosis_find(ret_diagnosis, GRADE_ERROR,
			       "pid %d cannot be looked at: %s", (int)unreadable,
			       remedy_of_proc(ret));
		diagnosis_advise(ret_diagnosis, "run criu-cuda as root");
		return;
	}

	for (size_t i = 0; i < patient->cuda_count; i++)
		add(list, "%d", (int)patient->cuda[i]);
	diagnosis_find(ret_diagnosis, GRADE_OK, "pid %d and %zu below it; with CUDA: %s",
		       (int)patient->pid, patient->tree_count - 1,
		       list[0] ? list : "none");
}

/* --- in whose hands ------------------------------------------------------------------
 */

/* Return: NULL, if nothing holds it up; else what can be done. */
static const char *find_holder(const struct examination *examination, pid_t pid,
			       char list[LIST_SIZE])
{
	pid_t tracer = 0;
	bool stopped = false;

	if (proc_tracer(pid, &tracer) == 0 && tracer) {
		add(list, "pid %d is traced by %d", (int)pid, (int)tracer);
		return "wait for the end of what traces it";
	}
	if (at_work_on(pid, examination->tool.program)) {
		add(list, "the utility is at work on pid %d", (int)pid);
		return "wait for its end";
	}
	if (proc_is_stopped(pid, &stopped) == 0 && stopped) {
		add(list, "pid %d is stopped", (int)pid);
		return "continue it: kill -CONT";
	}

	return NULL;
}

void check_hands(struct examination *examination, struct diagnosis *ret_diagnosis)
{
	const struct patient *patient = &examination->patient;
	const char *remedy = NULL;
	char list[LIST_SIZE] = "";

	if (!patient->cuda_count)
		return;

	for (size_t i = 0; i < patient->cuda_count; i++) {
		const char *one = find_holder(examination, patient->cuda[i], list);

		remedy = remedy ? remedy : one;
	}

	examination->patient.is_held = remedy != NULL;
	if (remedy) {
		diagnosis_find(ret_diagnosis, GRADE_ERROR, "%s", list);
		diagnosis_advise(ret_diagnosis, "%s", remedy);
	} else {
		diagnosis_find(ret_diagnosis, GRADE_OK,
			       "nobody traces them, stops them or is at work on them");
	}
}

/* --- the state -----------------------------------------------------------------------
 */

static enum grade grade_of_state(const struct operation_target *target)
{
	if (target->ret == -ENXIO || target->ret == -ESRCH)
		return GRADE_OK; /* it has loaded the library, no more; or has ended */
	if (target->ret || target->state == CUDA_FAILED)
		return GRADE_ERROR;

	return target->state == CUDA_RUNNING ? GRADE_OK : GRADE_WARNING;
}

static void describe_state(const struct operation_target *target, char list[LIST_SIZE])
{
	if (target->ret == -ENXIO)
		add(list, "pid %d does not use CUDA so far", (int)target->pid);
	else if (target->ret)
		add(list, "pid %d cannot be asked: %s", (int)target->pid, target->text);
	else
		add(list, "pid %d is %s", (int)target->pid,
		    cuda_state_name(target->state));
}

static struct operation_target *make_targets(const struct patient *patient)
{
	struct operation_target *targets = calloc(patient->cuda_count, sizeof(*targets));

	for (size_t i = 0; targets && i < patient->cuda_count; i++)
		targets[i].pid = patient->cuda[i];

	return targets;
}

/* Those that do not use CUDA are no more looked at. */
static void keep_those_with_cuda(struct patient *patient,
				 const struct operation_target *targets)
{
	size_t count = 0;

	for (size_t i = 0; i < patient->cuda_count; i++)
		if (!targets[i].ret)
			patient->cuda[count++] = targets[i].pid;
	patient->cuda_count = count;
}

/* One for each that may use CUDA; NULL if none can be asked, or there is no memory. */
static struct operation_target *targets_to_ask(const struct examination *examination,
					       struct diagnosis *ret_diagnosis)
{
	const struct patient *patient = &examination->patient;
	struct operation_target *targets;

	if (!patient->cuda_count || patient->is_held || !examination->utility_answers)
		return NULL;

	targets = make_targets(patient);
	if (!targets)
		diagnosis_find(ret_diagnosis, GRADE_ERROR, "out of memory");

	return targets;
}

void check_state(struct examination *examination, struct diagnosis *ret_diagnosis)
{
	struct patient *patient = &examination->patient;
	struct operation_target *targets autofree = NULL;
	enum grade worst = GRADE_OK;
	char list[LIST_SIZE] = "";

	targets = targets_to_ask(examination, ret_diagnosis);
	if (!targets)
		return;

	tool_get_states(&examination->tool, ANSWER_MS, targets, patient->cuda_count);
	for (size_t i = 0; i < patient->cuda_count; i++) {
		const enum grade grade = grade_of_state(&targets[i]);

		worst = grade > worst ? grade : worst;
		describe_state(&targets[i], list);
	}
	keep_those_with_cuda(patient, targets);

	diagnosis_find(ret_diagnosis, worst, "%s", list);
	if (worst == GRADE_WARNING)
		diagnosis_advise(ret_diagnosis,
				 "a dump leaves it so; criu-cuda recover brings it back "
				 "to running");
	else if (worst == GRADE_ERROR)
		diagnosis_advise(ret_diagnosis, "what the driver has given up, or cannot "
						"be asked, cannot be dumped: end it");
}

void check_restore_thread(struct examination *examination,
			  struct diagnosis *ret_diagnosis)
{
	struct patient *patient = &examination->patient;
	struct operation_target *targets autofree = NULL;
	char list[LIST_SIZE] = "";

	targets = targets_to_ask(examination, ret_diagnosis);
	if (!targets)
		return;

	tool_get_restore_tids(&examination->tool, targets, patient->cuda_count);
	for (size_t i = 0; i < patient->cuda_count; i++) {
		const struct operation_target *target = &targets[i];

		if (target->ret)
			add(list, "pid %d: %s", (int)target->pid, target->text);
		else if (!proc_has_thread(target->pid, target->tid))
			add(list, "pid %d has no thread %d", (int)target->pid,
			    (int)target->tid);
	}

	if (list[0]) {
		diagnosis_find(ret_diagnosis, GRADE_ERROR, "%s", list);
		diagnosis_advise(ret_diagnosis,
				 "the driver works by this thread: without it, or in "
				 "another pid namespace, it cannot");
	} else {
		diagnosis_find(ret_diagnosis, GRADE_OK, "each has its own");
	}
}

/* --- sharing -------------------------------------------------------------------------
 */

void check_sharing(struct examination *examination, struct diagnosis *ret_diagnosis)
{
	const struct patient *patient = &examination->patient;
	pid_t *sharing autofree = NULL;
	char list[LIST_SIZE] = "";
	size_t count = 0;
	int ret;

	if (patient->cuda_count < 2)
		return;

	ret = gpu_sharing_find(patient->cuda, patient->cuda_count, &sharing, &count);
	for (size_t i = 0; i < count; i++)
		add(list, "%d", (int)sharing[i]);
	if (ret) {
		diagnosis_find(ret_diagnosis, GRADE_WARNING, "it cannot be seen: %s",
			       remedy_of_proc(ret));
	} else if (!count) {
		diagnosis_find(ret_diagnosis, GRADE_OK,
			       "no ranks of NCCL that share GPU memory were seen");
	} else if (gpu_sharing_survives(DRIVER_VERSION_FILE)) {
		diagnosis_find(ret_diagnosis, GRADE_WARNING,
			       "NCCL shares GPU memory between pids %s", list);
		diagnosis_advise(ret_diagnosis,
				 "it must have been started by cuda-checkpoint "
				 "--launch-job");
	} else {
		diagnosis_find(ret_diagnosis, GRADE_ERROR,
			       "NCCL shares GPU memory between pids %s, which this "
			       "driver does not bring back",
			       list);
		diagnosis_advise(ret_diagnosis,
				 "start the job with NCCL_P2P_DISABLE=1 "
				 "NCCL_SHM_DISABLE=1, or with a driver of r610 or newer "
				 "by cuda-checkpoint --launch-job");
	}
}

/* --- memory --------------------------------------------------------------------------
 */

/* Return: how much all need together; what is not known is not in the way. */
static uint64_t add_up(const struct patient *patient, const uint64_t *bytes,
		       struct memory_demand *demands)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < patient->cuda_count; i++) {
		demands[i].pid = patient->cuda[i];
		demands[i].bytes = bytes[i] == MEMORY_UNKNOWN ? 0 : bytes[i];
		sum += demands[i].bytes;
	}

	return sum;
}

static void judge_room(const struct memory_demand *demands, size_t count, uint64_t sum,
		       struct diagnosis *ret_diagnosis)
{
	char reason[MEMORY_ROOM_REASON_SIZE] = "", sum_text[QUANTITY_SIZE];
	int together, ret = 0;

	quantity_bytes(sum, sum_text);
	together = memory_room_check(demands, count, reason, sizeof(reason));
	for (size_t i = 0; together == -ENOSPC && !ret && i < count; i++)
		ret = memory_room_check(&demands[i], 1, reason, sizeof(reason));

	if (!together) {
		diagnosis_find(ret_diagnosis, GRADE_OK,
			       "%s of GPU memory, and there is room for it", sum_text);
	} else if (together == -ENOSPC && !ret) {
		diagnosis_find(ret_diagnosis, GRADE_WARNING,
			       "%s of GPU memory, for which there is no room at once: it "
			       "is written out in waves",
			       sum_text);
		diagnosis_advise(ret_diagnosis, "leave the option memory-image on");
	} else {
		diagnosis_find(ret_diagnosis, GRADE_ERROR, "%s", reason);
		diagnosis_advise(ret_diagnosis,
				 "make room, or raise the limit of the cgroup");
	}
}

void check_memory_needed(struct examination *examination, struct diagnosis *ret_diagnosis)
{
	const struct patient *patient = &examination->patient;
	const size_t count = patient->cuda_count;
	struct memory_demand *demands autofree = NULL;
	uint64_t *bytes autofree = NULL;
	uint64_t sum;

	if (!count || !examination->utility_answers)
		return;
	demands = calloc(count, sizeof(*demands));
	bytes = calloc(count, sizeof(*bytes));
	if (!demands || !bytes) {
		diagnosis_find(ret_diagnosis, GRADE_ERROR, "out of memory");
		return;
	}

	if (tool_get_memory(&examination->tool, patient->cuda, count, bytes)) {
		diagnosis_find(ret_diagnosis, GRADE_WARNING,
			       "how much they have cannot be known");
		diagnosis_advise(ret_diagnosis,
				 "only this project's utility can tell, with NVML "
				 "(libnvidia-ml.so.1)");
		return;
	}

	sum = add_up(patient, bytes, demands);
	if (sum)
		judge_room(demands, count, sum, ret_diagnosis);
	else
		diagnosis_find(ret_diagnosis, GRADE_OK,
			       "none that the driver's account names");
}
