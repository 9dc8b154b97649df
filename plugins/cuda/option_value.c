/* SPDX-License-Identifier: GPL-2.0-only */
#include "option_value.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool option_value_ms(const char *value, unsigned int *ret_ms)
{
	uint64_t ms = 0;
	bool has_decimals;

	if (!is_digit(*value))
		return false;
	for (; is_digit(*value) && ms <= UINT_MAX; value++)
		ms = ms * 10 + (uint64_t)(*value - '0');

	has_decimals = value[0] == '.' && is_digit(value[1]);
	value += has_decimals;
	for (int i = 0; i < 3; i++) {
		ms *= 10;
		if (has_decimals && is_digit(*value))
			ms += (uint64_t)(*value++ - '0');
	}

	if (*value || ms > UINT_MAX)
		return false;

	*ret_ms = (unsigned int)ms;
	return true;
}

bool option_value_number(const char *value, unsigned int max, unsigned int *ret_number)
{
	unsigned int number = 0;

	for (; is_digit(*value) && number <= max; value++)
		number = number * 10 + (unsigned int)(*value - '0');
	if (*value || number < 1 || number > max)
		return false;

	*ret_number = number;
	return true;
}

/* By how many bits the unit @letter is shifted; -1: there is no such unit. */
static int unit_shift(char letter)
{
	static const char units[] = "KMGT";
	const char *unit = letter ? strchr(units, letter) : NULL;

	return unit ? 10 * (int)(unit - units + 1) : -1;
}

bool option_value_bytes(const char *value, uint64_t *ret_bytes)
{
	uint64_t number = 0;
	int shift = 0;

	if (!is_digit(*value))
		return false;
	for (; is_digit(*value); value++) {
		const uint64_t digit = (uint64_t)(*value - '0');

		if (number > (UINT64_MAX - digit) / 10)
			return false;
		number = number * 10 + digit;
	}

	if (*value)
		shift = unit_shift(*value++);
	if (shift < 0 || *value || number < 1 || number > UINT64_MAX >> shift)
		return false;

	*ret_bytes = number << shift;
	return true;
}

bool option_value_bool(const char *value, bool *ret_bool)
{
	static const char *const words[][2] = {
		{ "off", "on" },
		{ "no", "yes" },
		{ "0", "1" },
		{ "false", "true" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		for (int on = 0; on < 2; on++) {
			if (strcmp(value, words[i][on]) != 0)
				continue;

			*ret_bool = on;
			return true;
		}
	}

	return false;
}

bool option_value_path(const char *value, char ret_path[PATH_MAX])
{
	size_t length = strlen(value);

	if (strchr(value, '/') && value[0] != '/')
		return false;
	if (length == 0 || length >= PATH_MAX)
		return false;
	for (size_t i = 0; i < length; i++)
		if (iscntrl((unsigned char)value[i]))
			return false;

	memcpy(ret_path, value, length + 1);
	return true;
}
