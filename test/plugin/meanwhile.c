/* SPDX-License-Identifier: GPL-2.0-only */
#include "meanwhile.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"

#define PATIENCE_MS 5000
#define MOMENT_US   200000

static bool is_held(pid_t pid)
{
	char path[64], line[256];
	bool held = false;
	FILE *status;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	status = fopen(path, "re");
	while (status && !held && fgets(line, sizeof(line), status))
		held = strncmp(line, "State:\tt", 8) == 0;
	if (status)
		fclose(status);

	return held;
}

static void *send_signal(void *argument)
{
	struct meanwhile *meanwhile = (struct meanwhile *)argument;

	for (int ms = 0; !is_held(meanwhile->pid) && ms < PATIENCE_MS; ms++)
		usleep(1000);
	usleep(MOMENT_US);
	meanwhile->sent_ms = clock_ms();
	kill(meanwhile->pid, meanwhile->signo);

	return NULL;
}

void meanwhile_send(struct meanwhile *meanwhile, pid_t pid, int signo)
{
	*meanwhile = (struct meanwhile){ .pid = pid, .signo = signo };
	if (pthread_create(&meanwhile->thread, NULL, send_signal, meanwhile) != 0)
		abort();
}

void meanwhile_end(struct meanwhile *meanwhile)
{
	pthread_join(meanwhile->thread, NULL);
}
