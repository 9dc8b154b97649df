/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the fuzzers share: claims, and inputs that are made of pages.
 *
 * A fuzzer is one file fuzz_NAME.c with LLVMFuzzerTestOneInput(), which libFuzzer calls
 * with one input after the other. test/fuzz/run runs it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* What libFuzzer calls, and LLVMFuzzerMutate(), which is its own. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);

/* An input for which @claim does not hold is a finding. */
#define fuzz_check(claim) ((claim) ? (void)0 : fuzz_found(__FILE__, __LINE__, #claim))

_Noreturn void fuzz_found(const char *file, int line, const char *claim);

/* True if @text has a control character in it, such as a newline. */
int fuzz_has_control(const char *text);

#define FUZZ_PAGES_MAX 16

/*
 * An input as pages, with a form feed between two: it stays readable, and a mutation of
 * one page leaves the others alone. The last page may have form feeds in it.
 */
struct fuzz_pages {
	unsigned int count; /* 1 or more */
	struct fuzz_page {
		char *text; /* owned; a NUL follows, and nothing that may be read */
		size_t size;
	} at[FUZZ_PAGES_MAX];
};

/* Cut @data in pages, which the caller releases. */
void fuzz_pages_cut(struct fuzz_pages *ret_pages, const uint8_t *data, size_t size);
void fuzz_pages_release(struct fuzz_pages *pages);

/* The text of page @i; "" if there are not as many. */
const char *fuzz_pages_text(const struct fuzz_pages *pages, unsigned int i);
