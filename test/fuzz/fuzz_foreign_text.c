/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * foreign_text.c on any text: what is printed has no control character, and a JSON string
 * ends where it should.
 */
#include "foreign_text.h"

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

static char *print(void (*print_text)(FILE *stream, const char *text), const char *text)
{
	char *printed = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&printed, &size);

	fuzz_check(stream);
	print_text(stream, text);
	fclose(stream);
	fuzz_check(strlen(printed) == size);
	fuzz_check(!fuzz_has_control(printed));
	return printed;
}

/* Printed once more it stays as it is: it was good. */
static void check_again(const char *printed)
{
	char *again = print(foreign_text_print, printed);

	fuzz_check(strcmp(again, printed) == 0);
	free(again);
}

/* A quote, then anything in which a quote follows a backslash, then a quote. */
static void check_string(const char *json)
{
	const char *p = json;

	fuzz_check(*p == '"');
	for (p++; *p != '"'; p++) {
		fuzz_check(*p);
		if (*p == '\\')
			fuzz_check(strchr("\"\\u", *++p));
	}
	fuzz_check(p[1] == '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *printed;

	fuzz_check(text);
	memcpy(text, data, size);
	text[size] = '\0';

	printed = print(foreign_text_print, text);
	fuzz_check(strlen(printed) <= strlen(text));
	check_again(printed);
	free(printed);

	printed = print(foreign_text_print_json, text);
	check_string(printed);
	check_again(printed);
	free(printed);

	free(text);
	return 0;
}
