/* SPDX-License-Identifier: GPL-2.0-only */
#include "guardian.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "clock.h"
#include "guardian_log.h"
#include "life.h"
#include "log.h"
#include "offload.h"
#include "proc.h"
#include "settle.h"
#include "sigchld.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define NAME	"cuda-guardian"
#define LOOK_MS 50 /* between looks at CRIU */

/* Its descriptors; no others of CRIU's are kept. */
#define IMAGE_DIR  3
#define STORE	   4
#define FIRST_FREE 5

struct duty {
	const struct guardian *guardian;
	pid_t criu;
};

static void reset_signals(void)
{
	static const int ignored[] = { SIGHUP, SIGINT, SIGTERM, SIGPIPE };
	sigset_t none;

	for (int signo = 1; signo < NSIG; signo++)
		signal(signo, SIG_DFL);
	for (size_t i = 0; i < ARRAY_SIZE(ignored); i++)
		signal(ignored[i], SIG_IGN);

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* What is open as @fd becomes @kept; nothing does if it is negative. */
static void keep_as(int fd, int kept)
{
	if (fd < 0 || dup3(fd, kept, O_CLOEXEC) < 0)
		close(kept);
}

/* Keep nothing open of CRIU's but the image directory, and our end of the store. */
static void reset_descriptors(int image_dir, int store)
{
	int null;

	/* Out of the way of each other first. */
	image_dir = fcntl(image_dir, F_DUPFD_CLOEXEC, FIRST_FREE);
	store = fcntl(store, F_DUPFD_CLOEXEC, FIRST_FREE);
	keep_as(image_dir, IMAGE_DIR);
	keep_as(store, STORE);
	closefrom(FIRST_FREE);

	null = open("/dev/null", O_RDWR);
	for (int fd = STDIN_FILENO; null >= 0 && fd <= STDERR_FILENO; fd++)
		dup2(null, fd);
	if (null > STDERR_FILENO)
		close(null);
}

/*
 * The cgroup that CRIU was started in may be killed as a whole, or have to be empty to
 * be removed: go up to the root of all that can be written.
 */
static void leave_cgroup(void)
{
	static const char *const roots[] = {
		"/sys/fs/cgroup/cgroup.procs",
		"/sys/fs/cgroup/unified/cgroup.procs",
		"/sys/fs/cgroup/systemd/cgroup.procs",
	};

	for (size_t i = 0; i < ARRAY_SIZE(roots); i++) {
		int fd autoclose = open(roots[i], O_WRONLY | O_CLOEXEC);
		ssize_t written = fd >= 0 ? write(fd, "0", 1) : 0;

		(void)written; /* one that is not ours to leave is stayed in */
	}
}

/* @fd is the image of @pid. */
static void keep_image(struct ledger *ledger, pid_t pid, int fd)
{
	struct debt *debt = ledger_find(ledger, pid);

	if (!debt) {
		close(fd);
		return;
	}

	if (debt->image)
		close(debt->image);
	debt->image = fd;
}

/* Those that CRIU has put into the store. Return: may there be more, later? */
static bool take_images(struct ledger *ledger)
{
	pid_t pid;
	int fd, ret;

	do {
		ret = fd_store_take(STORE, &pid, &fd);
		if (!ret)
			keep_image(ledger, pid, fd);
		if (ret == -EBADMSG)
			pr_warn("the image of a process cannot be held open: there are "
				"too many; the image directory must stay where it is\n");
	} while (!ret || ret == -EBADMSG);

	return ret == -EAGAIN;
}

/* Images are read, and none are written any more. */
static void settle(const struct guardian *guardian)
{
	struct offload offload = { .is_wanted = false };
	struct tool tool = *guardian->tool;

	if (tool.offload)
		offload.images = tool.offload->images;
	offload.images.dirfd = guardian->image_dir >= 0 ? IMAGE_DIR : -1;
	tool.offload = &offload;
	settle_all(guardian->ledger, &tool);
}

__attribute__((noreturn)) static void guard(const struct duty *duty)
{
	struct ledger *ledger = duty->guardian->ledger;
	struct pollfd events[] = {
		{ .events = POLLIN }, /* of CRIU */
		{ .fd = STORE, .events = POLLIN },
	};

	reset_signals();
	reset_descriptors(duty->guardian->image_dir, duty->guardian->store.out);
	prctl(PR_SET_NAME, NAME);
	if (chdir("/") < 0)
		pr_info("the guardian stays in CRIU's folder: %s\n", strerror(errno));
	leave_cgroup();
	guardian_log_start(duty->guardian->image_dir >= 0 ? IMAGE_DIR : -1);

	events[0].fd = (int)syscall(SYS_pidfd_open, duty->criu, 0);
	/* At once if the kernel has pidfds: each moment counts then. */
	while (life_goes_on(duty->criu, duty->guardian->criu_start) &&
	       !atomic_load(&ledger->is_closed)) {
		(void)poll(events, ARRAY_SIZE(events), LOOK_MS);
		if (!take_images(ledger))
			events[1].fd = -1;
	}
	if (atomic_load(&ledger->is_closed))
		_exit(EXIT_SUCCESS);

	(void)take_images(ledger);
	settle(duty->guardian);
	_exit(EXIT_SUCCESS);
}

/*
 * The child in between takes the guardian out of CRIU's session and children, and ends
 * at once.
 */
static int fork_guardian(const struct duty *duty)
{
	pid_t between = fork();
	int status;

	if (between < 0)
		return -errno;

	if (between == 0) {
		pid_t guardian;

		setsid();
		guardian = fork();
		if (guardian == 0)
			guard(duty);
		_exit(guardian < 0 ? errno : 0);
	}

	while (waitpid(between, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;

	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EIO;
}

static int start(struct guardian *guardian)
{
	struct duty duty = { .guardian = guardian, .criu = getpid() };
	struct sigchld held;
	int ret;

	ret = life_start(duty.criu, &guardian->criu_start);
	if (!ret)
		ret = ledger_open(&guardian->ledger);
	if (!ret)
		ret = fd_store_open(&guardian->store);
	if (!ret)
		ret = sigchld_hold(&held);
	if (!ret) {
		ret = fork_guardian(&duty);
		sigchld_put_back(&held);
	}
	if (!ret) {
		close(guardian->store.out);
		guardian->store.out = -1;
		return 0;
	}

	guardian_release(guardian);
	pr_err("cannot start the guardian: %s; nothing is touched without it\n",
	       strerror(-ret));
	return ret;
}

void guardian_init(struct guardian *guardian, const struct tool *tool, int image_dir)
{
	*guardian = (struct guardian){ .tool = tool,
				       .image_dir = image_dir,
				       .store = FD_STORE_CLOSED };
}

void guardian_release(struct guardian *guardian)
{
	if (!guardian->ledger)
		return;

	ledger_close(guardian->ledger);
	guardian->ledger = NULL;
	fd_store_close(&guardian->store);
}

void guardian_dismiss(struct guardian *guardian)
{
	if (guardian->ledger)
		atomic_store(&guardian->ledger->is_closed, true);

	guardian_release(guardian);
}

/* All that is known of it while it runs: the guardian cannot ask CRIU later. */
static struct debt debt_to(const struct cuda_process *process)
{
	struct debt debt = {
		.pid = process->pid,
		.start = process->start,
		.found = process->found,
		.goes_alone = process->goes_alone,
		.is_frozen = process->rung == CUDA_CHECKPOINTED,
		.buffer = process->buffer,
		.is_offloaded = process->is_offloaded,
	};

	/* What is not seen is not put back: it costs nothing but that. */
	if (proc_find_restore_thread(debt.pid, &debt.restore_tid) ||
	    (debt.restore_tid &&
	     proc_signals(debt.restore_tid, PROC_BLOCKED, &debt.signal_mask)))
		debt.restore_tid = 0;

	return debt;
}

int guardian_owe(struct guardian *guardian, struct cuda_process *process)
{
	struct debt debt = debt_to(process), *noted;
	int ret;

	if (!guardian->ledger) {
		ret = start(guardian);
		if (ret)
			return ret;
	}

	debt.criu = getpid();
	debt.criu_start = guardian->criu_start;
	ret = ledger_owe(guardian->ledger, &debt, &noted);
	if (ret) {
		pr_err("pid %d: cannot note what it is owed: %s\n", process->pid,
		       strerror(-ret));
		return ret;
	}

	process->debt = noted;
	process->store = &guardian->store;
	return 0;
}

void guardian_freeze(struct guardian *guardian, pid_t pid)
{
	if (guardian->ledger)
		ledger_freeze(guardian->ledger, pid);
}

void guardian_pay(struct guardian *guardian, pid_t pid)
{
	if (guardian->ledger)
		ledger_pay(guardian->ledger, pid);
}
