/* SPDX-License-Identifier: GPL-2.0-only */
#include "fuzz.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BETWEEN_PAGES '\f'

void fuzz_found(const char *file, int line, const char *claim)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, claim);
	abort();
}

int fuzz_has_control(const char *text)
{
	while (*text && !iscntrl((unsigned char)*text))
		text++;

	return *text != '\0';
}

/* A piece of memory of its own, so that a read beyond it is seen. */
static struct fuzz_page copy_page(const uint8_t *data, size_t size)
{
	struct fuzz_page page = { .text = malloc(size + 1), .size = size };

	fuzz_check(page.text);
	if (size)
		memcpy(page.text, data, size);
	page.text[size] = '\0';
	return page;
}

void fuzz_pages_cut(struct fuzz_pages *ret_pages, const uint8_t *data, size_t size)
{
	struct fuzz_pages pages = { .count = 0 };
	const uint8_t *end = NULL;

	do {
		if (size && pages.count < FUZZ_PAGES_MAX - 1)
			end = memchr(data, BETWEEN_PAGES, size);
		else
			end = NULL;

		pages.at[pages.count++] =
			copy_page(data, end ? (size_t)(end - data) : size);
		if (end) {
			size -= (size_t)(end - data) + 1;
			data = end + 1;
		}
	} while (end);

	*ret_pages = pages;
}

void fuzz_pages_release(struct fuzz_pages *pages)
{
	while (pages->count)
		free(pages->at[--pages->count].text);
}

const char *fuzz_pages_text(const struct fuzz_pages *pages, unsigned int i)
{
	return i < pages->count ? pages->at[i].text : "";
}
