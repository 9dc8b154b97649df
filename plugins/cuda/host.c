/* SPDX-License-Identifier: GPL-2.0-only */
#include "host.h"

#include <criu-plugin.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <sys/time.h>

#include "log.h"

#define weak __attribute__((weak))

/* CRIU's, exported to plugins and declared in no public header. */
void print_on_level(unsigned int level, const char *format, ...) printf_format(2, 3);
int add_inventory_plugin(const char *name) weak;
bool check_and_remove_inventory_plugin(const char *name, size_t length) weak;
void set_compel_interrupt_only_mode(void) weak;
/* Its options. The first int is the final state of the tasks; the rest may be anything.
 */
extern const int opts;

/* In the public header only from 4.3 on. */
int criu_plugin_get_options(int *argc, char ***argv) weak;

/* The final states: TASKS_ALIVE = 1 and TASKS_STOPPED = 3 live on. */
#define TASKS_KILLED 2

enum host_version host_version(void)
{
	if (!add_inventory_plugin || !check_and_remove_inventory_plugin)
		return CRIU_HOST_4_0;

	return criu_plugin_get_options ? CRIU_HOST_4_3 : CRIU_HOST_4_1;
}

void host_log(enum log_level level, const char *line)
{
	print_on_level(level, "%s", line);
}

int host_image_dir(void)
{
	return criu_get_image_dir();
}

int host_plugin_options(int *ret_argc, char *const **ret_argv)
{
	int argc = 0, ret;
	char **argv = NULL;

	if (criu_plugin_get_options) {
		ret = criu_plugin_get_options(&argc, &argv);
		if (ret < 0) {
			pr_err("CRIU does not tell the plugin's options: %s\n",
			       strerror(-ret));
			return ret;
		}
	}

	*ret_argc = argc;
	*ret_argv = argv;
	return 0;
}

static int64_t timer_us(const struct itimerval *clock)
{
	return clock->it_value.tv_sec * INT64_C(1000000) + clock->it_value.tv_usec;
}

unsigned int host_freeze_clock_stop(struct itimerval *ret_clock)
{
	const struct itimerval stopped = { 0 };
	int64_t left_ms;

	*ret_clock = stopped;
	(void)setitimer(ITIMER_REAL, &stopped, ret_clock);

	left_ms = (timer_us(ret_clock) + 999) / 1000;
	return left_ms > UINT_MAX ? UINT_MAX : (unsigned int)left_ms;
}

void host_freeze_clock_go(const struct itimerval *clock, unsigned int used_ms)
{
	struct itimerval go = *clock;
	int64_t left_us = timer_us(clock) - used_ms * INT64_C(1000);

	if (!timer_us(clock))
		return;

	/* Zero would stop it: a time that is over strikes at once. */
	left_us = left_us > 0 ? left_us : 1;
	go.it_value.tv_sec = left_us / 1000000;
	go.it_value.tv_usec = left_us % 1000000;
	(void)setitimer(ITIMER_REAL, &go, NULL);
}

bool host_tasks_live_on(void)
{
	return opts != TASKS_KILLED;
}

void host_freeze_by_interrupt_only(void)
{
	if (set_compel_interrupt_only_mode)
		set_compel_interrupt_only_mode();
}

int host_require_plugin(const char *plugin)
{
	int ret;

	ret = add_inventory_plugin(plugin);
	if (ret) {
		pr_err("cannot enter %s in the inventory image: error %d\n", plugin, ret);
		return -EIO;
	}

	return 0;
}

bool host_claim_plugin(const char *plugin)
{
	return check_and_remove_inventory_plugin(plugin, strlen(plugin));
}
