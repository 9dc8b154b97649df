/* SPDX-License-Identifier: GPL-2.0-only */
#include "criu_version.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_MAX 9999 /* a larger one is none of a version */

/* Take the number that *@text begins with. Return: 0, or -EBADMSG. */
static int take_number(const char **text, unsigned int *ret_number)
{
	unsigned long number;
	char *end;

	if (!isdigit((unsigned char)**text))
		return -EBADMSG;

	number = strtoul(*text, &end, 10);
	if (number > NUMBER_MAX)
		return -EBADMSG;

	*text = end;
	*ret_number = (unsigned int)number;
	return 0;
}

int criu_version_parse(const char *text, struct criu_version *ret_version)
{
	static const char prefix[] = "Version: ";
	struct criu_version version = { .sublevel = 0 };
	int ret;

	if (strncmp(text, prefix, strlen(prefix)) != 0)
		return -EBADMSG;

	text += strlen(prefix);
	ret = take_number(&text, &version.major);
	if (!ret)
		ret = *text == '.' ? 0 : -EBADMSG;
	if (ret)
		return ret;

	text++;
	ret = take_number(&text, &version.minor);
	if (!ret && *text == '.') {
		text++;
		ret = take_number(&text, &version.sublevel);
	}
	/* A distribution may have something to add. */
	if (ret || isalnum((unsigned char)*text))
		return -EBADMSG;

	*ret_version = version;
	return 0;
}

bool criu_version_is_known(const struct criu_version *version)
{
	return version->major || version->minor || version->sublevel;
}

bool criu_version_reaches(const struct criu_version *version, unsigned int major,
			  unsigned int minor)
{
	return version->major > major ||
	       (version->major == major && version->minor >= minor);
}

struct plugin_limits criu_version_limits(const struct criu_version *version)
{
	if (criu_version_reaches(version, 4, 3))
		return (struct plugin_limits){ .version = 0x300, .hooks = 17 };
	if (criu_version_reaches(version, 4, 2))
		return (struct plugin_limits){ .version = 0x200, .hooks = 13 };

	return (struct plugin_limits){ .version = 0x200, .hooks = 12 };
}
