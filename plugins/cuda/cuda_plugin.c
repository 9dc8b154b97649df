/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The descriptor and CRIU's entry points.
 *
 * Each entry point is one call into the session. What is decided here is where the
 * settings come from, and how the plugin's errors look to CRIU: -ENOTSUP says "not
 * mine, ask the next plugin" and is written nowhere else.
 */
#include <criu-plugin.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "clock.h"
#include "host.h"
#include "inventory.h"
#include "log.h"
#include "proc.h"
#include "remedy.h"
#include "role.h"
#include "session.h"
#include "settings.h"
#include "stats.h"

static struct {
	enum role role;
	struct settings settings;
	struct guardian guardian;
	struct session session;
	bool gpu_process_dumped;
	pid_t first_restored; /* 0: none yet */
} plugin;

static int begin_dump(void)
{
	plugin.role = role_in_dump(&plugin.settings.options);
	if (plugin.role != ROLE_WORKER)
		return 0;

	host_freeze_by_interrupt_only();
	return settings_want_images(&plugin.settings);
}

static int plugin_init(int stage)
{
	struct settings *settings = &plugin.settings;
	int ret;

	log_to(host_log);
	plugin.role = ROLE_NONE;
	plugin.gpu_process_dumped = false;
	plugin.first_restored = 0;
	ret = settings_read(settings);
	if (ret)
		return ret;

	guardian_init(&plugin.guardian, &settings->tool, host_image_dir());
	session_init(&plugin.session, &settings->tool, &plugin.guardian,
		     &settings->policy);

	switch (stage) {
	case CR_PLUGIN_STAGE__DUMP:
		return begin_dump();
	case CR_PLUGIN_STAGE__RESTORE:
		return role_in_restore(&settings->options, &settings->tool, &plugin.role);
	default: /* a pre-dump takes memory only, and leaves the tasks running */
		return 0;
	}
}

/* What CRIU is told: a process without CUDA is for the next plugin. */
static int answer(int ret)
{
	if (ret == -ENXIO)
		return -ENOTSUP;

	return ret == -ENOTSUP ? -EIO : ret;
}

/*
 * A timeout of the user's own does not count as CRIU's time, nor does the look at the
 * tree before anything is frozen.
 */
static int pause_devices(int pid)
{
	const struct options *options = &plugin.settings.options;
	struct itimerval freeze_clock;
	unsigned int left_ms;
	int64_t start;
	int ret;

	if (plugin.role != ROLE_WORKER)
		return -ENOTSUP;

	left_ms = host_freeze_clock_stop(&freeze_clock);
	ret = session_survey(&plugin.session, pid);
	start = clock_ms();
	if (!ret)
		ret = session_pause(&plugin.session, pid,
				    options->lock_timeout_set ? options->lock_timeout_ms
							      : left_ms);
	host_freeze_clock_go(&freeze_clock, options->lock_timeout_set
						    ? 0
						    : (unsigned int)(clock_ms() - start));
	return answer(ret);
}

/* Enter the plugin in the inventory, now that there is something to restore. */
static int note_gpu_process(void)
{
	int ret = 0;

	if (plugin.gpu_process_dumped)
		return 0;

	plugin.gpu_process_dumped = true;
	if (host_version() == CRIU_HOST_4_0)
		return 0;

	if (session_has_images(&plugin.session))
		ret = host_require_plugin(PLUGIN_IMAGES_NAME);
	return ret ? ret : host_require_plugin(PLUGIN_NAME);
}

static int checkpoint_devices(int pid)
{
	int ret;

	if (plugin.role != ROLE_WORKER)
		return -ENOTSUP;

	ret = session_checkpoint(&plugin.session, pid);
	if (!ret)
		ret = note_gpu_process();

	return answer(ret);
}

/* A process that waits for a GPU and cannot have one. */
static int refuse_without_gpu(int pid)
{
	bool has;
	int ret;

	ret = proc_maps_libcuda(pid, &has);
	if (!ret && has)
		ret = proc_has_restore_thread(pid, &has);
	if (ret && ret != -ESRCH) {
		pr_err("pid %d: cannot see whether it uses CUDA: %s\n", pid,
		       remedy_of_proc(ret));
		return ret;
	}
	if (ret || !has)
		return -ENXIO;

	pr_err("pid %d: it is a CUDA process, and there is no GPU for it here\n", pid);
	return -ENODEV;
}

/*
 * CRIU up to 4.2 ignores the error and would report success, had it not to let go of a
 * dead process. It begins with the one that it asked about first: with that dead no other
 * runs before CRIU kills them all, and writes to files that the image has to find as they
 * are.
 */
static void fail_restore(int pid)
{
	pr_err("pid %d: killed, so that the restore fails\n", pid);
	kill(pid, SIGKILL);
	kill(plugin.first_restored, SIGKILL);
}

static int resume_devices_late(int pid)
{
	int ret;

	if (plugin.role == ROLE_NONE)
		return -ENOTSUP;

	if (!plugin.first_restored)
		plugin.first_restored = pid;

	ret = plugin.role == ROLE_WORKER ? session_resume(&plugin.session, pid)
					 : refuse_without_gpu(pid);
	if (ret && ret != -ENXIO)
		fail_restore(pid);

	return answer(ret);
}

static void give_all_back(void)
{
	if (session_give_back(&plugin.session))
		pr_err("not every process could be brought back to where it was; the "
		       "guardian tries on\n");
}

/*
 * From CRIU 4.3 on, before the tasks are let go: the dump failed if @ret is not 0, and
 * they will go on. "Not mine" lets other plugins have their turn.
 */
static int dump_finish(int ret)
{
	if (plugin.role == ROLE_WORKER && ret)
		give_all_back();

	return -ENOTSUP;
}

static void finish_dump(int ret)
{
	if (ret || host_tasks_live_on())
		give_all_back();
	if (ret)
		session_discard_images(&plugin.session);

	if (ret || !plugin.gpu_process_dumped || host_version() != CRIU_HOST_4_0)
		return;

	ret = inventory_add_plugin(host_image_dir(), PLUGIN_NAME);
	if (!ret && session_has_images(&plugin.session))
		ret = inventory_add_plugin(host_image_dir(), PLUGIN_IMAGES_NAME);
	if (ret)
		pr_err("inventory.img: cannot enter %s: %s\n", PLUGIN_NAME,
		       strerror(-ret));
}

/* It failed if @ret is not 0. What cannot be written is no reason to fail. */
static void write_stats(int stage, int ret)
{
	const struct session *session = &plugin.session;
	const struct stats_summary summary = {
		.operation = stage == CR_PLUGIN_STAGE__RESTORE ? "restore" : "dump",
		.succeeded = !ret,
		.parallel = plugin.settings.tool.at_once,
		.others = session_others(session),
		.runs = plugin.settings.runs,
	};

	if (!plugin.settings.options.stats[0])
		return;

	ret = stats_write(&session->stats, plugin.settings.options.stats, &summary,
			  session->roster.processes, session->roster.count);
	if (ret)
		pr_warn("%s: cannot write what it took: %s\n",
			plugin.settings.options.stats, strerror(-ret));
}

static void plugin_exit(int stage, int ret)
{
	if (plugin.role == ROLE_WORKER && stage == CR_PLUGIN_STAGE__DUMP)
		finish_dump(ret);
	if (plugin.role == ROLE_WORKER)
		write_stats(stage, ret);

	session_release(&plugin.session);
	if (stage == CR_PLUGIN_STAGE__RESTORE)
		guardian_dismiss(&plugin.guardian);
	else
		guardian_release(&plugin.guardian);
	plugin.role = ROLE_NONE;
}

/*
 * The layout of cr_plugin_desc_t with room for the hooks of every version. CRIU
 * refuses a descriptor that is newer than itself, so this says the oldest, and is
 * raised when the host is found to be a newer one.
 */
#define OLDEST_VERSION 0x200
#define OLDEST_HOOKS   12
#define NEWEST_VERSION 0x300
#define NEWEST_HOOKS   17

/* Not in the public header before CRIU 4.3. */
#define HOOK_DUMP_FINISH 16

struct descriptor {
	const char *name;
	int (*init)(int stage);
	void (*exit)(int stage, int ret);
	unsigned int version;
	unsigned int max_hooks;
	void *hooks[NEWEST_HOOKS];
};

_Static_assert(offsetof(struct descriptor, hooks) == offsetof(cr_plugin_desc_t, hooks),
	       "the descriptor has CRIU's layout");

/* The name that CRIU looks up is declared in its header, with that header's size. */
__attribute__((visibility("default"))) struct descriptor descriptor __asm__(
	"CR_PLUGIN_DESC");
struct descriptor descriptor = {
	.name = PLUGIN_NAME,
	.init = plugin_init,
	.exit = plugin_exit,
	.version = OLDEST_VERSION,
	.max_hooks = OLDEST_HOOKS,
	.hooks = {
		[CR_PLUGIN_HOOK__RESUME_DEVICES_LATE] = (void *)resume_devices_late,
		[CR_PLUGIN_HOOK__PAUSE_DEVICES] = (void *)pause_devices,
		[CR_PLUGIN_HOOK__CHECKPOINT_DEVICES] = (void *)checkpoint_devices,
		[HOOK_DUMP_FINISH] = (void *)dump_finish,
	},
};

/* Runs when CRIU opens the plugin, before it reads the descriptor. */
__attribute__((constructor)) static void fit_descriptor(void)
{
	if (host_version() < CRIU_HOST_4_3)
		return;

	descriptor.version = NEWEST_VERSION;
	descriptor.max_hooks = NEWEST_HOOKS;
}
