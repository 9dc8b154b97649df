/* SPDX-License-Identifier: GPL-2.0-only */
#include "sigchld.h"

#include <errno.h>
#include <sys/signalfd.h>
#include <unistd.h>

/*
 * The handler is kept from running; that the kernel reaps is switched off. A handler
 * stays set: to go to the default would throw a pending signal away.
 */
int sigchld_hold(struct sigchld *held)
{
	struct sigaction changed;
	sigset_t sigchld;
	int ret;

	sigemptyset(&sigchld);
	sigaddset(&sigchld, SIGCHLD);
	if (sigaction(SIGCHLD, NULL, &held->action) < 0 ||
	    sigprocmask(SIG_BLOCK, &sigchld, &held->mask) < 0)
		return -errno;

	changed = held->action;
	changed.sa_flags &= ~(SA_NOCLDWAIT | SA_NOCLDSTOP);
	if (changed.sa_handler == SIG_IGN)
		changed.sa_handler = SIG_DFL;
	held->replaced = changed.sa_handler != held->action.sa_handler ||
			 changed.sa_flags != held->action.sa_flags;
	if (!held->replaced || sigaction(SIGCHLD, &changed, NULL) == 0)
		return 0;

	ret = -errno;
	(void)sigprocmask(SIG_SETMASK, &held->mask, NULL);
	return ret;
}

int sigchld_open(void)
{
	sigset_t sigchld;
	int fd;

	sigemptyset(&sigchld);
	sigaddset(&sigchld, SIGCHLD);
	fd = signalfd(-1, &sigchld, SFD_NONBLOCK | SFD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

bool sigchld_has_come(int fd)
{
	struct signalfd_siginfo info;

	return read(fd, &info, sizeof(info)) == sizeof(info);
}

/* Whoever waits for it looks at all children, so that who has sent it does not count. */
void sigchld_send_again(void)
{
	(void)kill(getpid(), SIGCHLD);
}

void sigchld_put_back(const struct sigchld *held)
{
	if (held->replaced)
		(void)sigaction(SIGCHLD, &held->action, NULL);
	(void)sigprocmask(SIG_SETMASK, &held->mask, NULL);
}
