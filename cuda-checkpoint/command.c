/* SPDX-License-Identifier: MIT */
#include "command.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

/* The first CUDA that can give a process other GPUs. */
#define DEVICE_MAP_VERSION 13000

/* --- one action ---------------------------------------------------------- */

static CUresult lock(const struct arguments *arguments, const struct libcuda *libcuda)
{
	CUcheckpointLockArgs args = { .timeoutMs = arguments->timeout_ms };

	return libcuda->cuCheckpointProcessLock(arguments->pid, &args);
}

static CUresult checkpoint(const struct arguments *arguments,
			   const struct libcuda *libcuda)
{
	return libcuda->cuCheckpointProcessCheckpoint(arguments->pid, NULL);
}

static CUresult unlock(const struct arguments *arguments, const struct libcuda *libcuda)
{
	return libcuda->cuCheckpointProcessUnlock(arguments->pid, NULL);
}

static CUresult restore_mapped(const struct arguments *arguments,
			       const struct libcuda *libcuda)
{
	const struct device_pairs *map = &arguments->device_map;
	CUcheckpointGpuPair *autofree pairs = calloc(map->count, sizeof(*pairs));
	CUcheckpointRestoreArgs args = {
		.gpuPairs = pairs,
		.gpuPairsCount = map->count,
	};

	if (!pairs)
		return CUDA_ERROR_OUT_OF_MEMORY;

	for (unsigned int i = 0; i < map->count; i++) {
		memcpy(pairs[i].oldUuid.bytes, map->pairs[i].from, DEVICE_UUID_SIZE);
		memcpy(pairs[i].newUuid.bytes, map->pairs[i].to, DEVICE_UUID_SIZE);
	}

	return libcuda->cuCheckpointProcessRestore(arguments->pid, &args);
}

static CUresult restore_plainly(const struct arguments *arguments,
				const struct libcuda *libcuda)
{
	if (arguments->device_map.count)
		return restore_mapped(arguments, libcuda);

	return libcuda->cuCheckpointProcessRestore(arguments->pid, NULL);
}

/*
 * Where persistence mode is off, a GPU that nobody uses is asleep, and the
 * driver wants it woken by cuInit. It says so with the same code by which it
 * says that the process has no CUDA: that is known to the restore thread.
 */
static CUresult restore(const struct arguments *arguments, const struct libcuda *libcuda)
{
	CUresult result = restore_plainly(arguments, libcuda);
	int tid;

	if (result != CUDA_ERROR_NOT_INITIALIZED ||
	    libcuda->cuCheckpointProcessGetRestoreThreadId(arguments->pid, &tid) !=
		    CUDA_SUCCESS)
		return result;

	result = libcuda->cuInit(0);
	if (result != CUDA_SUCCESS)
		return result;

	return restore_plainly(arguments, libcuda);
}

static CUresult perform(enum cuda_action action, const struct arguments *arguments,
			const struct libcuda *libcuda)
{
	static CUresult (*const functions[])(const struct arguments *,
					     const struct libcuda *) = {
		[CUDA_LOCK] = lock,
		[CUDA_CHECKPOINT] = checkpoint,
		[CUDA_RESTORE] = restore,
		[CUDA_UNLOCK] = unlock,
	};

	return functions[action](arguments, libcuda);
}

/* --- what has become of it ----------------------------------------------- */

static void printf_format(2, 3)
	fail(struct command_answer *answer, const char *format, ...)
{
	va_list values;

	answer->succeeded = false;
	va_start(values, format);
	vsnprintf(answer->reason, sizeof(answer->reason), format, values);
	va_end(values);
}

/* @answer succeeded if the driver says so; else the words are the driver's. */
static void judge(CUresult result, struct libcuda *libcuda, struct command_answer *answer)
{
	answer->succeeded = result == CUDA_SUCCESS;
	if (answer->succeeded)
		return;

	answer->code = (int)result;
	fail(answer, "%s", libcuda_error_text(libcuda, result));
}

static void ask_state(const struct arguments *arguments, struct libcuda *libcuda,
		      struct command_answer *answer)
{
	CUprocessState now = CU_PROCESS_STATE_FAILED;
	enum cuda_state known;

	judge(libcuda->cuCheckpointProcessGetState(arguments->pid, &now), libcuda,
	      answer);
	if (!answer->succeeded)
		return;

	answer->value = (int)now;
	if (cuda_state_parse(cuda_state_name((enum cuda_state)now), &known) < 0)
		fail(answer, "state %d is not known", (int)now);
}

static void ask_restore_tid(const struct arguments *arguments, struct libcuda *libcuda,
			    struct command_answer *answer)
{
	judge(libcuda->cuCheckpointProcessGetRestoreThreadId(arguments->pid,
							     &answer->value),
	      libcuda, answer);
}

/* Before 13.0 the pairs are a reserved field, which must be zero. */
static bool has_device_maps(const struct libcuda *libcuda, int *ret_version)
{
	*ret_version = 0;
	return libcuda->cuDriverGetVersion(ret_version) == CUDA_SUCCESS &&
	       *ret_version >= DEVICE_MAP_VERSION;
}

static void ask_action(const struct arguments *arguments, struct libcuda *libcuda,
		       struct command_answer *answer)
{
	int version;

	if (!arguments->device_map.count || has_device_maps(libcuda, &version))
		judge(perform(arguments->action, arguments, libcuda), libcuda, answer);
	else
		fail(answer,
		     "this NVIDIA driver (CUDA %d.%d) has no --device-map: "
		     "driver r580 (CUDA 13.0) or newer is needed",
		     version / 1000, version % 1000 / 10);
}

void command_ask(const struct arguments *arguments, struct libcuda *libcuda,
		 struct command_answer *ret_answer)
{
	static void (*const questions[])(const struct arguments *, struct libcuda *,
					 struct command_answer *) = {
		[OPERATION_GET_STATE] = ask_state,
		[OPERATION_GET_RESTORE_TID] = ask_restore_tid,
		[OPERATION_ACTION] = ask_action,
	};

	*ret_answer = (struct command_answer){ .succeeded = false };
	questions[arguments->operation](arguments, libcuda, ret_answer);
}

/* --- the operations ------------------------------------------------------ */

static int get_state(const struct arguments *arguments, struct libcuda *libcuda)
{
	struct command_answer answer;

	command_ask(arguments, libcuda, &answer);
	if (!answer.succeeded) {
		fprintf(stderr, "Error getting process state for process ID %d: \"%s\"\n",
			arguments->pid, answer.reason);
		return -EIO;
	}

	puts(cuda_state_name((enum cuda_state)answer.value));
	return 0;
}

static int get_restore_tid(const struct arguments *arguments, struct libcuda *libcuda)
{
	struct command_answer answer;

	command_ask(arguments, libcuda, &answer);
	if (!answer.succeeded) {
		fprintf(stderr, "Could not find restore thread for process ID %d\n",
			arguments->pid);
		return -EIO;
	}

	printf("%d\n", answer.value);
	return 0;
}

static int act(const struct arguments *arguments, struct libcuda *libcuda)
{
	struct command_answer answer;

	command_ask(arguments, libcuda, &answer);
	if (answer.succeeded)
		return 0;

	if (!answer.code) {
		fprintf(stderr, "cuda-checkpoint: %s\n", answer.reason);
		return -ENOSYS;
	}

	fprintf(stderr, "Could not %s on process ID %d: \"%s\"\n",
		cuda_action_name(arguments->action), arguments->pid, answer.reason);
	return -EIO;
}

/* --- toggle -------------------------------------------------------------- */

/* Climb the ladder from *@state to @goal; *@state is the rung reached. */
static CUresult bring_to(enum cuda_state goal, enum cuda_state *state,
			 const struct arguments *arguments, const struct libcuda *libcuda)
{
	enum cuda_action action;
	CUresult result;

	while (*state != goal) {
		if (cuda_state_next(*state, goal, &action) < 0)
			return CUDA_ERROR_ILLEGAL_STATE;

		result = perform(action, arguments, libcuda);
		if (result != CUDA_SUCCESS)
			return result;

		*state = cuda_action_to(action);
	}

	return CUDA_SUCCESS;
}

/* The other end of the ladder; who stands at neither end has none. */
static CUresult toggle_from(enum cuda_state *state, const struct arguments *arguments,
			    const struct libcuda *libcuda)
{
	if (*state == CUDA_RUNNING)
		return bring_to(CUDA_CHECKPOINTED, state, arguments, libcuda);
	if (*state == CUDA_CHECKPOINTED)
		return bring_to(CUDA_RUNNING, state, arguments, libcuda);

	return CUDA_ERROR_ILLEGAL_STATE;
}

/* A toggle began at @found and failed at @state: leave nothing locked by it. */
static void give_back(enum cuda_state found, enum cuda_state state,
		      const struct arguments *arguments, struct libcuda *libcuda)
{
	CUresult result;

	if (found != CUDA_RUNNING || state != CUDA_LOCKED)
		return;

	result = bring_to(CUDA_RUNNING, &state, arguments, libcuda);
	if (result != CUDA_SUCCESS)
		fprintf(stderr, "Could not unlock on process ID %d: \"%s\"\n",
			arguments->pid, libcuda_error_text(libcuda, result));
}

static int toggle(const struct arguments *arguments, struct libcuda *libcuda)
{
	enum cuda_state found = CUDA_FAILED, state = CUDA_FAILED;
	CUprocessState answer;
	CUresult result;

	result = libcuda->cuCheckpointProcessGetState(arguments->pid, &answer);
	if (result == CUDA_SUCCESS) {
		found = state = (enum cuda_state)answer;
		result = toggle_from(&state, arguments, libcuda);
	}
	if (result == CUDA_SUCCESS)
		return 0;

	fprintf(stderr, "Error toggling CUDA in process ID %d: \"%s\"\n", arguments->pid,
		libcuda_error_text(libcuda, result));
	give_back(found, state, arguments, libcuda);
	return -EIO;
}

int command_run(const struct arguments *arguments, struct libcuda *libcuda)
{
	static int (*const operations[])(const struct arguments *, struct libcuda *) = {
		[OPERATION_GET_STATE] = get_state,
		[OPERATION_GET_RESTORE_TID] = get_restore_tid,
		[OPERATION_ACTION] = act,
		[OPERATION_TOGGLE] = toggle,
	};

	return operations[arguments->operation](arguments, libcuda);
}
