/* SPDX-License-Identifier: GPL-2.0-only */
#include "recovery.h"

#include <errno.h>
#include <stdlib.h>

#include "at_work.h"
#include "buffer_marker.h"
#include "doctor/process_name.h"
#include "dump_root.h"
#include "log.h"
#include "proc.h"
#include "process_tree.h"
#include "remedy.h"

#define CRIU	  "criu"
#define GUARDIAN  "cuda-guardian"
#define ANSWER_MS 10000

/* --- may it be touched ---------------------------------------------------------------
 */

/* Return: 0, or -EBUSY, logged, if somebody has @pid in his hands. */
static int check_hands(const struct tool *tool, pid_t pid)
{
	pid_t tracer = 0;
	bool stopped = false;
	int ret;

	ret = proc_tracer(pid, &tracer);
	if (!ret)
		ret = proc_is_stopped(pid, &stopped);
	if (ret || proc_is_gone(pid)) {
		pr_err("pid %d: %s\n", pid,
		       !ret || ret == -ESRCH ? "there is no such process"
					     : remedy_of_proc(ret));
		return ret ? ret : -ESRCH;
	}

	if (tracer)
		pr_err("pid %d: pid %d traces it: wait for its end\n", pid, tracer);
	else if (at_work_on(pid, tool->program))
		pr_err("pid %d: the utility is at work on it: wait for its end\n", pid);
	else if (stopped)
		pr_err("pid %d: it is stopped; continue it (kill -CONT) and try again\n",
		       pid);
	else
		return 0;

	return -EBUSY;
}

/* Has the dump of @root anything to do with @pid? Of what cannot be seen: yes. */
static bool concerns(pid_t root, pid_t pid)
{
	pid_t *pids autofree = NULL;
	size_t count = 0;

	if (!root || process_tree_list(root, &pids, &count))
		return true;

	for (size_t i = 0; i < count; i++)
		if (pids[i] == pid)
			return true;

	return false;
}

/* One of @name may be about to bring @pid back, or to take it further. */
static int check_nobody_is_called(const char *name, const char *who, pid_t pid)
{
	pid_t other = 0;
	int ret;

	do {
		ret = process_name_find(name, other, &other);
		if (ret) {
			pr_err("pid %d: cannot see whether a CRIU is at work: %s\n", pid,
			       remedy_of_proc(ret));
			return ret;
		}
	} while (other && !concerns(dump_root_of(other), pid));
	if (other) {
		pr_err("pid %d: %s is at work, pid %d, and may have it in its hands: "
		       "wait for its end, and try again\n",
		       pid, who, other);
		return -EBUSY;
	}

	return 0;
}

static int check_nobody_works(pid_t pid)
{
	int ret;

	ret = check_nobody_is_called(CRIU, "a CRIU", pid);
	if (!ret)
		ret = check_nobody_is_called(GUARDIAN, "the guardian of a dump", pid);

	return ret;
}

/* --- its memory ----------------------------------------------------------------------
 */

/* Without a directory: see that nothing is missing. */
static int check_whole(pid_t pid)
{
	struct buffer_marker marker;
	int ret;

	ret = buffer_marker_find(pid, &marker);
	if (ret == -ENOENT)
		return 0;

	if (ret)
		pr_err("pid %d: cannot see whether its GPU memory is in an image: %s\n",
		       pid, remedy_of_proc(ret));
	else
		pr_err("pid %d: its GPU memory is in an image of its own, without which "
		       "the driver would restore zeros: name the directory of its dump "
		       "with --images\n",
		       pid);
	return ret ? ret : -ENODATA;
}

static int fill(pid_t pid, const struct host_buffer_images *images)
{
	struct memory_image *image = NULL;
	struct host_buffer buffer;
	int ret;

	ret = host_buffer_find(pid, images, &buffer, &image);
	if (!ret && image)
		ret = host_buffer_fill(pid, image, images->threads, &buffer);
	host_buffer_image_close(image);

	return ret;
}

static int make_whole(pid_t pid, const struct host_buffer_images *images)
{
	return images->dirfd < 0 ? check_whole(pid) : fill(pid, images);
}

/* --- up the ladder -------------------------------------------------------------------
 */

/* What is done in a process that ends meanwhile never ends. */
static int look(void *subject)
{
	const struct operation_target *target = subject;

	if (!proc_is_gone(target->pid))
		return 0;

	pr_err("pid %d: it has ended\n", target->pid);
	return -ESRCH;
}

/* From where @target stands. Logs. */
static int climb(const struct tool *tool, struct operation_target *target)
{
	enum cuda_action action;
	int ret;

	for (;;) {
		ret = cuda_state_next(target->state, CUDA_RUNNING, &action);
		if (ret || action == CUDA_NO_ACTION)
			return ret;

		target->watch.look = look;
		target->watch.subject = target;
		tool_act(tool, action, 0, target, 1);
		if (target->ret)
			return target->ret;
		target->state = cuda_action_to(action);
	}
}

static int bring_back(const struct tool *tool, const struct host_buffer_images *images,
		      struct operation_target *target)
{
	int ret;

	if (!cuda_state_is_rung(target->state)) {
		pr_err("pid %d: its CUDA state is \"%s\": %s\n", target->pid,
		       cuda_state_name(target->state),
		       target->state == CUDA_FAILED
			       ? "the driver has given it up, and nothing brings it back"
			       : "the driver is at work on it: try again");
		return -EBUSY;
	}

	ret = check_nobody_works(target->pid);
	if (!ret && target->state == CUDA_CHECKPOINTED)
		ret = make_whole(target->pid, images);

	return ret ? ret : climb(tool, target);
}

static int recover(FILE *stream, const struct tool *tool,
		   const struct host_buffer_images *images, pid_t pid)
{
	struct operation_target target = { .pid = pid };
	enum cuda_state found;
	int ret;

	ret = check_hands(tool, pid);
	if (ret)
		return ret;

	tool_get_states(tool, ANSWER_MS, &target, 1);
	if (target.ret == -ENXIO) {
		fprintf(stream, "pid %d: it does not use CUDA\n", (int)pid);
		return 0;
	}
	if (target.ret)
		return target.ret;

	found = target.state;
	if (found == CUDA_RUNNING) {
		fprintf(stream, "pid %d: it is running\n", (int)pid);
		return 0;
	}

	ret = bring_back(tool, images, &target);
	if (!ret)
		fprintf(stream, "pid %d: it was %s, and is running again\n", (int)pid,
			cuda_state_name(found));
	return ret;
}

bool recovery_run(FILE *stream, const struct tool *tool,
		  const struct host_buffer_images *images, const pid_t *pids,
		  size_t count)
{
	size_t good = 0;

	for (size_t i = 0; i < count; i++)
		good += recover(stream, tool, images, pids[i]) == 0;

	return good == count;
}

int recovery_list_tree(pid_t root, pid_t **ret_pids, size_t *ret_count)
{
	pid_t *pids autofree = NULL;
	size_t count = 0, kept = 0;
	int ret;

	ret = process_tree_list(root, &pids, &count);
	for (size_t i = 0; !ret && i < count; i++) {
		bool may_be = false;

		ret = proc_may_be_cuda(pids[i], &may_be);
		if (may_be)
			pids[kept++] = pids[i];
		/* Those that end meanwhile owe nothing. */
		if (ret == -ESRCH)
			ret = 0;
	}
	if (ret) {
		pr_err("pid %d: cannot list the processes below it: %s\n", root,
		       ret == -ESRCH ? "there is no such process" : remedy_of_proc(ret));
		return ret;
	}

	*ret_pids = pids;
	*ret_count = kept;
	pids = NULL;
	return 0;
}
