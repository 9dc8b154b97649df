/* SPDX-License-Identifier: GPL-2.0-only */
#include "server.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "client.h"
#include "driver/clock.h"

enum {
	SIGNALS,
	NEWCOMERS,
	FIRST_CLIENT
};

struct server {
	struct gpus *gpus;
	struct client *clients;
	struct pollfd *polls; /* FIRST_CLIENT more than there are clients */
	size_t count;
};

static int complain(const char *what)
{
	int ret = -errno;

	fprintf(stderr, "gpu-sim: %s: %s\n", what, strerror(-ret));
	return ret;
}

static int address_of(const char *path, struct sockaddr_un *ret_address)
{
	*ret_address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(ret_address->sun_path)) {
		errno = ENAMETOOLONG;
		return complain(path);
	}
	memcpy(ret_address->sun_path, path, strlen(path));
	return 0;
}

static bool somebody_listens(const struct sockaddr_un *address)
{
	int autoclose fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	return connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0;
}

static int listen_at(const char *path, int *ret_fd)
{
	struct sockaddr_un address;
	int fd, ret = address_of(path, &address);

	if (ret)
		return ret;
	if (somebody_listens(&address)) {
		errno = EADDRINUSE;
		return complain(path);
	}
	unlink(path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return complain("socket");
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(fd, SOMAXCONN) < 0) {
		ret = complain(path);
		close(fd);
		return ret;
	}
	*ret_fd = fd;
	return 0;
}

static int watch_signals(int *ret_fd)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (fd < 0)
		return complain("signalfd");
	*ret_fd = fd;
	return 0;
}

static int make_room(struct server *server)
{
	struct client *clients;
	struct pollfd *polls;

	clients = reallocarray(server->clients, server->count + 1, sizeof(*clients));
	if (!clients)
		return -ENOMEM;
	server->clients = clients;
	polls = reallocarray(server->polls, FIRST_CLIENT + server->count + 1,
			     sizeof(*polls));
	if (!polls)
		return -ENOMEM;
	server->polls = polls;
	return 0;
}

/* A client that there is no room for finds its connection closed. */
static void admit(struct server *server)
{
	int fd = accept4(server->polls[NEWCOMERS].fd, NULL, NULL,
			 SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	if (make_room(server) < 0) {
		close(fd);
		return;
	}
	client_init(&server->clients[server->count], fd);
	server->polls[FIRST_CLIENT + server->count] = (struct pollfd){ fd, POLLIN, 0 };
	server->count++;
}

static void drop(struct server *server, size_t i)
{
	client_release(&server->clients[i], server->gpus);
	server->count--;
	server->clients[i] = server->clients[server->count];
	server->polls[FIRST_CLIENT + i] = server->polls[FIRST_CLIENT + server->count];
}

/*
 * Backwards, because drop() puts the last client in the place of the lost. Those that are
 * gone come first: one that comes back after a restore is not to meet itself.
 */
static void serve_clients(struct server *server)
{
	for (size_t i = server->count; i-- > 0;)
		if (server->polls[FIRST_CLIENT + i].revents & (POLLHUP | POLLERR))
			drop(server, i);
	for (size_t i = server->count; i-- > 0;) {
		if (server->polls[FIRST_CLIENT + i].revents &&
		    client_serve(&server->clients[i], server->gpus, server->clients,
				 server->count) < 0)
			drop(server, i);
	}
}

/* Until something is asked for, or a step of a collective is to end. */
static int wait_for_events(struct server *server)
{
	uint64_t due = collectives_advance(&server->gpus->collectives);
	uint64_t now = clock_now();
	uint64_t left = due > now ? due - now : 0;
	const uint64_t second = 1000 * CLOCK_NS_PER_MS;
	struct timespec wait = { (time_t)(left / second), (long)(left % second) };

	return ppoll(server->polls, FIRST_CLIENT + server->count,
		     due == CLOCK_NEVER ? NULL : &wait, NULL);
}

static void serve_until_told(struct server *server)
{
	for (;;) {
		if (wait_for_events(server) < 0)
			continue;
		if (server->polls[SIGNALS].revents)
			return;
		serve_clients(server);
		if (server->polls[NEWCOMERS].revents)
			admit(server);
	}
}

static void say_ready(int fd)
{
	if (fd < 0)
		return;
	if (write(fd, "\n", 1) < 0)
		complain("the one who waits for us");
	close(fd);
}

int server_run(struct gpus *gpus, const char *path, int ready_fd)
{
	struct server server = { .gpus = gpus };
	int autoclose signals = -1;
	int autoclose newcomers = -1;
	int ret;

	signal(SIGPIPE, SIG_IGN);
	ret = make_room(&server);
	if (!ret)
		ret = watch_signals(&signals);
	if (!ret)
		ret = listen_at(path, &newcomers);
	if (!ret) {
		server.polls[SIGNALS] = (struct pollfd){ signals, POLLIN, 0 };
		server.polls[NEWCOMERS] = (struct pollfd){ newcomers, POLLIN, 0 };
		say_ready(ready_fd);
		serve_until_told(&server);
		unlink(path);
	}
	while (server.count)
		drop(&server, server.count - 1);
	free(server.clients);
	free(server.polls);
	return ret;
}
