/* SPDX-License-Identifier: GPL-2.0-only */
#include "memory_answer.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

static const char unknown[] = "unknown\n";

/* Take the line of @pid off the beginning of *@text. */
static int take_line(const char **text, pid_t pid, uint64_t *ret_bytes)
{
	char start[sizeof("-2147483648 ")];
	const size_t length = (size_t)snprintf(start, sizeof(start), "%d ", pid);
	const char *value = *text + length;
	char *end;

	if (strncmp(*text, start, length) != 0)
		return -EBADMSG;
	if (strncmp(value, unknown, sizeof(unknown) - 1) == 0) {
		*ret_bytes = MEMORY_UNKNOWN;
		*text = value + sizeof(unknown) - 1;
		return 0;
	}
	if (!isdigit((unsigned char)*value))
		return -EBADMSG;

	errno = 0;
	*ret_bytes = strtoull(value, &end, 10);
	*text = end + 1;
	return errno || *end != '\n' ? -EBADMSG : 0;
}

int memory_answer_parse(const char *text, size_t length, const pid_t *pids, size_t count,
			uint64_t *ret_bytes)
{
	const char *at = text;

	for (size_t i = 0; i < count; i++) {
		int ret = take_line(&at, pids[i], &ret_bytes[i]);

		if (ret)
			return ret;
	}

	return at == text + length ? 0 : -EBADMSG;
}
