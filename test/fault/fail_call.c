/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Make one call of the plugin fail: loaded into stock CRIU with LD_PRELOAD.
 *
 * It stands before each libc function that the plugin imports and that can fail (the
 * torture sees to it that none is forgotten). Only calls that come from cuda_plugin.so
 * itself count; those of CRIU and of libc pass through.
 *
 * A point is one such call. Its name says by whom (criu, or guardian: any process that
 * was forked from it), which function (each ptrace request for itself), from where (the
 * return addresses in the plugin, innermost first, as offsets), and which one from there:
 *
 *     guardian:fopen:a80f,a95b,5e50:1
 *
 * Environment, read when CRIU opens the plugin:
 *
 *   FAIL_CALL_LIST    file that each point is appended to when it is passed
 *   FAIL_CALL_TIMES   of how many calls from one place (1): a loop has no end of them
 *   FAIL_CALL_POINT   the point that fails, once
 *   FAIL_CALL_DEADLY  set: there the process dies, by SIGKILL
 *   FAIL_CALL_STRUCK  file that is made when it has
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <unwind.h>

/* Libc's headers have other names for the parameters. */
/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */

#define PLUGIN	   "/cuda_plugin.so"
#define POINT_MAX  256
#define PLACES_MAX 4096

#define exported __attribute__((visibility("default")))

static struct {
	uintptr_t start, end; /* 0: CRIU has not opened it yet */
	pid_t criu;
	const char *list, *point, *struck;
	bool is_deadly;
	unsigned int times;
} plugin;

/* --- from where ------------------------------------------------------------------ */

static bool is_of_plugin(uintptr_t address)
{
	return address >= plugin.start && address < plugin.end;
}

struct chain {
	char text[POINT_MAX / 2];
	size_t length;
};

static _Unwind_Reason_Code add_frame(struct _Unwind_Context *context, void *argument)
{
	struct chain *chain = argument;
	uintptr_t address = _Unwind_GetIP(context);
	size_t room = sizeof(chain->text) - chain->length;
	int length;

	if (!is_of_plugin(address))
		return chain->length ? _URC_END_OF_STACK : _URC_NO_REASON;

	length = snprintf(chain->text + chain->length, room, "%s%lx",
			  chain->length ? "," : "", address - plugin.start);
	if (length >= (int)room)
		return _URC_END_OF_STACK;

	chain->length += (size_t)length;
	return _URC_NO_REASON;
}

/* --- the points --------------------------------------------------------------------- */

/* Which call from @place this is: 1, 2, ...; places are known by a hash of their name. */
static unsigned int count_call(const char *place)
{
	static struct {
		uint64_t hash;
		unsigned int calls;
	} places[PLACES_MAX];
	uint64_t hash = 14695981039346656037u; /* FNV-1a */
	size_t i;

	for (; *place; place++)
		hash = (hash ^ (unsigned char)*place) * 1099511628211u;
	for (i = hash % PLACES_MAX; places[i].hash && places[i].hash != hash;)
		i = (i + 1) % PLACES_MAX;

	places[i].hash = hash;
	return ++places[i].calls;
}

static void add_line(const char *path, const char *line)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);

	if (fd < 0 || dprintf(fd, "%s\n", line) < 0)
		_exit(99);
	close(fd);
}

/* The call of @function is a point: is it the one that is to fail? */
static bool pass_point(const char *function)
{
	static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
	struct chain chain = { .length = 0 };
	const char *who = getpid() == plugin.criu ? "criu" : "guardian";
	char point[POINT_MAX];
	unsigned int calls;
	size_t length;

	_Unwind_Backtrace(add_frame, &chain);
	length = (size_t)snprintf(point, sizeof(point), "%s:%s:%s", who, function,
				  chain.text);
	pthread_mutex_lock(&one_at_a_time);
	calls = count_call(point);
	pthread_mutex_unlock(&one_at_a_time);
	snprintf(point + length, sizeof(point) - length, ":%u", calls);

	if (plugin.list && calls <= plugin.times)
		add_line(plugin.list, point);
	if (!plugin.point || strcmp(point, plugin.point) != 0)
		return false;

	if (plugin.struck)
		add_line(plugin.struck, point);
	if (plugin.is_deadly)
		kill(getpid(), SIGKILL);
	return true;
}

static bool fails(const char *function, const void *caller)
{
	int saved = errno;
	bool failing = is_of_plugin((uintptr_t)caller) && pass_point(function);

	errno = saved;
	return failing;
}

#define FAILS(function) fails(function, __builtin_return_address(0))

/* --- CRIU opens the plugin --------------------------------------------------------- */

/* A call goes on to the function that would be there without us. */
#define REAL(function)                                                                  \
	({                                                                              \
		static typeof(&function) real_function;                                 \
		if (!real_function)                                                     \
			real_function = (typeof(&function))dlsym(RTLD_NEXT, #function); \
		real_function;                                                          \
	})

static int find_plugin(struct dl_phdr_info *info, size_t size, void *unused)
{
	const char *slash = strrchr(info->dlpi_name, '/');

	(void)size;
	(void)unused;
	if (!slash || strcmp(slash, PLUGIN) != 0)
		return 0;

	plugin.start = info->dlpi_addr;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];
		uintptr_t end = info->dlpi_addr + part->p_vaddr + part->p_memsz;

		if (part->p_type == PT_LOAD && end > plugin.end)
			plugin.end = end;
	}
	return 1;
}

exported void *dlopen(const char *path, int flags)
{
	void *library = REAL(dlopen)(path, flags);
	const char *times = getenv("FAIL_CALL_TIMES");

	if (plugin.start || !library || !dl_iterate_phdr(find_plugin, NULL))
		return library;

	plugin.criu = getpid();
	plugin.list = getenv("FAIL_CALL_LIST");
	plugin.point = getenv("FAIL_CALL_POINT");
	plugin.struck = getenv("FAIL_CALL_STRUCK");
	plugin.is_deadly = getenv("FAIL_CALL_DEADLY");
	plugin.times = times ? (unsigned int)strtoul(times, NULL, 10) : 1;
	return library;
}

/* --- the functions ------------------------------------------------------------------ */

#define INTERPOSE(type, name, parameters, arguments, failed, error) \
	exported type name parameters                               \
	{                                                           \
		if (FAILS(#name)) {                                 \
			errno = error;                              \
			return failed;                              \
		}                                                   \
		return REAL(name) arguments;                        \
	}

/* Those that return the error. */
#define INTERPOSE_SPAWN(name, parameters, arguments)                 \
	exported int name parameters                                 \
	{                                                            \
		return FAILS(#name) ? ENOMEM : REAL(name) arguments; \
	}

/* clang-format off */
INTERPOSE(FILE *, fopen, (const char *path, const char *mode), (path, mode), NULL, EMFILE)
INTERPOSE(ssize_t, __getdelim, (char **line, size_t *size, int end, FILE *file),
	  (line, size, end, file), -1, ENOMEM)
INTERPOSE(ssize_t, getdelim, (char **word, size_t *size, int end, FILE *file),
	  (word, size, end, file), -1, ENOMEM)
INTERPOSE(char *, fgets, (char *line, int size, FILE *file), (line, size, file), NULL, ENOMEM)
INTERPOSE(size_t, fread, (void *to, size_t size, size_t count, FILE *file),
	  (to, size, count, file), 0, EIO)
INTERPOSE(DIR *, opendir, (const char *path), (path), NULL, EMFILE)
INTERPOSE(struct dirent *, readdir, (DIR *dir), (dir), NULL, EIO)
INTERPOSE(int, access, (const char *path, int mode), (path, mode), -1, ENOMEM)
INTERPOSE(int, faccessat, (int dir, const char *path, int mode, int flags),
	  (dir, path, mode, flags), -1, ENOMEM)
INTERPOSE(ssize_t, readlink, (const char *path, char *to, size_t size), (path, to, size), -1, EIO)
INTERPOSE(ssize_t, read, (int fd, void *to, size_t size), (fd, to, size), -1, EIO)
INTERPOSE(ssize_t, pread, (int fd, void *to, size_t size, off_t at), (fd, to, size, at), -1, EIO)
INTERPOSE(ssize_t, write, (int fd, const void *from, size_t size), (fd, from, size), -1, ENOSPC)
INTERPOSE(int, stat, (const char *path, struct stat *to), (path, to), -1, ENOMEM)
INTERPOSE(FILE *, open_memstream, (char **text, size_t *size), (text, size), NULL, ENOMEM)
INTERPOSE(ssize_t, getrandom, (void *to, size_t size, unsigned int flags), (to, size, flags),
	  -1, EAGAIN)
INTERPOSE(int, sched_getaffinity, (pid_t pid, size_t size, cpu_set_t *cpus), (pid, size, cpus),
	  -1, EINVAL)
INTERPOSE(int, memfd_create, (const char *name, unsigned int flags), (name, flags), -1, ENOSYS)
INTERPOSE(int, fstat, (int fd, struct stat *stat), (fd, stat), -1, EIO)
INTERPOSE(int, fchown, (int fd, uid_t uid, gid_t gid), (fd, uid, gid), -1, EPERM)
INTERPOSE(int, fchmod, (int fd, mode_t mode), (fd, mode), -1, EPERM)
INTERPOSE(int, fsync, (int fd), (fd), -1, EIO)
INTERPOSE(ssize_t, pwrite, (int fd, const void *from, size_t size, off_t at),
	  (fd, from, size, at), -1, ENOSPC)
INTERPOSE(int, ftruncate, (int fd, off_t size), (fd, size), -1, EIO)
INTERPOSE(int, sync_file_range, (int fd, off_t at, off_t size, unsigned int flags),
	  (fd, at, size, flags), -1, EIO)
INTERPOSE(int, mincore, (void *at, size_t size, unsigned char *to), (at, size, to), -1, EAGAIN)
INTERPOSE(void *, aligned_alloc, (size_t alignment, size_t size), (alignment, size), NULL, ENOMEM)
INTERPOSE(int, renameat, (int from_dir, const char *from, int to_dir, const char *to),
	  (from_dir, from, to_dir, to), -1, EIO)
INTERPOSE(int, unlinkat, (int dir, const char *path, int flags), (dir, path, flags), -1, EIO)
INTERPOSE(int, chdir, (const char *path), (path), -1, EACCES)
INTERPOSE(int, pipe2, (int ends[2], int flags), (ends, flags), -1, EMFILE)
INTERPOSE(int, dup2, (int from, int to), (from, to), -1, EBUSY)
INTERPOSE(int, dup3, (int from, int to, int flags), (from, to, flags), -1, EBUSY)
INTERPOSE(int, socketpair, (int domain, int type, int protocol, int ends[2]),
	  (domain, type, protocol, ends), -1, EMFILE)
INTERPOSE(ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags),
	  (fd, message, flags), -1, ENOBUFS)
INTERPOSE(ssize_t, recvmsg, (int fd, struct msghdr *message, int flags), (fd, message, flags),
	  -1, ENOMEM)
INTERPOSE(int, poll, (struct pollfd *fds, nfds_t count, int ms), (fds, count, ms), -1, ENOMEM)
INTERPOSE(int, nanosleep, (const struct timespec *time, struct timespec *left),
	  (time, left), -1, EINTR)
INTERPOSE(int, signalfd, (int fd, const sigset_t *signals, int flags), (fd, signals, flags),
	  -1, ENOSYS)
INTERPOSE(ssize_t, process_vm_readv,
	  (pid_t pid, const struct iovec *to, unsigned long to_count, const struct iovec *from,
	   unsigned long from_count, unsigned long flags),
	  (pid, to, to_count, from, from_count, flags), -1, EPERM)
INTERPOSE(ssize_t, process_vm_writev,
	  (pid_t pid, const struct iovec *from, unsigned long from_count, const struct iovec *to,
	   unsigned long to_count, unsigned long flags),
	  (pid, from, from_count, to, to_count, flags), -1, EFAULT)
INTERPOSE(pid_t, fork, (void), (), -1, EAGAIN)
INTERPOSE(pid_t, setsid, (void), (), -1, EPERM)
INTERPOSE(void *, mmap, (void *at, size_t size, int access, int flags, int fd, off_t from),
	  (at, size, access, flags, fd, from), MAP_FAILED, ENOMEM)
INTERPOSE(char *, strdup, (const char *text), (text), NULL, ENOMEM)
INTERPOSE(int, vasprintf, (char **text, const char *format, va_list values),
	  (text, format, values), -1, ENOMEM)

INTERPOSE_SPAWN(posix_spawnattr_init, (posix_spawnattr_t *a), (a))
INTERPOSE_SPAWN(posix_spawnattr_setflags, (posix_spawnattr_t *a, short f), (a, f))
INTERPOSE_SPAWN(posix_spawnattr_setpgroup, (posix_spawnattr_t *a, pid_t g), (a, g))
INTERPOSE_SPAWN(posix_spawnattr_setsigdefault, (posix_spawnattr_t *a, const sigset_t *s), (a, s))
INTERPOSE_SPAWN(posix_spawnattr_setsigmask, (posix_spawnattr_t *a, const sigset_t *s), (a, s))
INTERPOSE_SPAWN(posix_spawn_file_actions_init, (posix_spawn_file_actions_t *f), (f))
INTERPOSE_SPAWN(posix_spawn_file_actions_addopen,
		(posix_spawn_file_actions_t *f, int fd, const char *path, int flags, mode_t mode),
		(f, fd, path, flags, mode))
INTERPOSE_SPAWN(posix_spawn_file_actions_adddup2,
		(posix_spawn_file_actions_t *f, int from, int to), (f, from, to))
INTERPOSE_SPAWN(posix_spawn_file_actions_addclosefrom_np,
		(posix_spawn_file_actions_t *f, int from), (f, from))
INTERPOSE_SPAWN(posix_spawnp,
		(pid_t *pid, const char *file, const posix_spawn_file_actions_t *f,
		 const posix_spawnattr_t *a, char *const argv[], char *const envp[]),
		(pid, file, f, a, argv, envp))
INTERPOSE_SPAWN(pthread_create,
		(pthread_t *thread, const pthread_attr_t *a, void *(*run)(void *), void *argument),
		(thread, a, run, argument))
/* clang-format on */

/* dlsym() may want memory, so that these cannot be found with it. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);

exported void *malloc(size_t size)
{
	if (!FAILS("malloc"))
		return __libc_malloc(size);

	errno = ENOMEM;
	return NULL;
}

exported void *calloc(size_t count, size_t size)
{
	if (!FAILS("calloc"))
		return __libc_calloc(count, size);

	errno = ENOMEM;
	return NULL;
}

exported void *reallocarray(void *memory, size_t count, size_t size)
{
	size_t bytes;

	if (!FAILS("reallocarray") && !__builtin_mul_overflow(count, size, &bytes))
		return __libc_realloc(memory, bytes);

	errno = ENOMEM;
	return NULL;
}

exported void *realloc(void *memory, size_t size)
{
	if (!FAILS("realloc"))
		return __libc_realloc(memory, size);

	errno = ENOMEM;
	return NULL;
}

/* The child has ended, or stopped, and somebody else has been told. */
exported pid_t waitpid(pid_t pid, int *status, int flags)
{
	pid_t got = REAL(waitpid)(pid, status, flags);

	if (got <= 0 || !FAILS("waitpid"))
		return got;

	errno = ECHILD;
	return -1;
}

/* --- the functions with any number of arguments ------------------------------------- */

exported int open(const char *path, int flags, ...)
{
	va_list values;
	mode_t mode = 0;

	va_start(values, flags);
	if (flags & (O_CREAT | __O_TMPFILE))
		mode = va_arg(values, mode_t);
	va_end(values);
	if (!FAILS("open"))
		return REAL(open)(path, flags, mode);

	errno = EMFILE;
	return -1;
}

exported int openat(int dir, const char *path, int flags, ...)
{
	va_list values;
	mode_t mode = 0;

	va_start(values, flags);
	if (flags & (O_CREAT | __O_TMPFILE))
		mode = va_arg(values, mode_t);
	va_end(values);
	if (!FAILS("openat"))
		return REAL(openat)(dir, path, flags, mode);

	errno = EMFILE;
	return -1;
}

exported int fcntl(int fd, int command, ...)
{
	va_list values;
	void *value;

	va_start(values, command);
	value = va_arg(values, void *);
	va_end(values);
	if (!FAILS("fcntl"))
		return REAL(fcntl)(fd, command, value);

	errno = EMFILE;
	return -1;
}

exported int asprintf(char **text, const char *format, ...)
{
	va_list values;
	int length;

	if (FAILS("asprintf")) {
		errno = ENOMEM;
		return -1;
	}

	va_start(values, format);
	length = REAL(vasprintf)(text, format, values);
	va_end(values);
	return length;
}

/* The plugin asks for mappings with it, which an older kernel does not know. */
exported int ioctl(int fd, unsigned long request, ...)
{
	va_list values;
	void *value;

	va_start(values, request);
	value = va_arg(values, void *);
	va_end(values);
	if (!FAILS("ioctl"))
		return REAL(ioctl)(fd, request, value);

	errno = ENOTTY;
	return -1;
}

exported long ptrace(enum __ptrace_request request, ...)
{
	char name[sizeof("ptrace-0x") + 8];
	va_list values;
	void *addr, *data;
	pid_t pid;

	va_start(values, request);
	pid = va_arg(values, pid_t);
	addr = va_arg(values, void *);
	data = va_arg(values, void *);
	va_end(values);
	snprintf(name, sizeof(name), "ptrace-%#x", (unsigned int)request);
	if (!FAILS(name))
		return REAL(ptrace)(request, pid, addr, data);

	errno = EIO;
	return -1;
}

/* Of these the plugin makes pidfd_open, which an older kernel does not know. */
exported long syscall(long number, ...)
{
	va_list values;
	long a[6];

	va_start(values, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(values, long);
	va_end(values);
	if (!FAILS("syscall"))
		return REAL(syscall)(number, a[0], a[1], a[2], a[3], a[4], a[5]);

	errno = ENOSYS;
	return -1;
}

/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
