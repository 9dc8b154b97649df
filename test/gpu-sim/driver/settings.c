/* SPDX-License-Identifier: GPL-2.0-only */
#include "settings.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

int settings_refuse(const char *name, const char *value)
{
	fprintf(stderr, "simulated driver: %s makes no sense: '%s'\n", name, value);
	return -EINVAL;
}

int settings_parse_number(const char *text, unsigned int *ret_value)
{
	char *end;
	unsigned long value;

	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || *end || value > UINT_MAX)
		return -EINVAL;
	*ret_value = (unsigned int)value;
	return 0;
}

int settings_number(const char *name, unsigned int otherwise, unsigned int *ret_value)
{
	const char *text = getenv(name);

	if (!text)
		*ret_value = otherwise;
	else if (settings_parse_number(text, ret_value) < 0)
		return settings_refuse(name, text);
	return 0;
}

static int read_socket(char *ret_path)
{
	const char *text = getenv("CUDA_SIM_SOCKET");

	if (!text)
		text = "";
	if (strlen(text) >= SETTINGS_PATH_MAX)
		return settings_refuse("CUDA_SIM_SOCKET", text);
	memcpy(ret_path, text, strlen(text) + 1);
	return 0;
}

int settings_read(struct settings *ret_settings)
{
	int ret = read_socket(ret_settings->socket);

	if (!ret)
		ret = settings_number("CUDA_SIM_INIT_MS", 0, &ret_settings->init_ms);
	if (!ret)
		ret = settings_number("CUDA_SIM_COPY_MBPS", 0, &ret_settings->copy_mbps);
	return ret;
}
