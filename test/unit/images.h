/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A directory of images with an inventory in it, built to the byte and looked at.
 *
 * images_setup() and images_teardown() go around a test and give it the directory
 * as its state. In between, build a file in memory with images_build() or
 * images_frame(), images_put() it there, and compare what is there afterwards.
 * Whatever goes wrong fails the test. Knows nothing of the module inventory.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define IMAGES_INVENTORY "inventory.img"
#define IMAGES_PLUGIN	 "cuda_plugin"
#define IMAGES_HEADER	 8u   /* the magic number, and the length of what follows */
#define IMAGES_FILE_MAX	 512u /* bytes that a file can have */

struct images {
	char path[64];
	int dirfd;
};

struct images_file {
	size_t size;
	uint8_t at[IMAGES_FILE_MAX];
};

/* An empty directory under /tmp, and its end with the inventory in it; for cmocka. */
int images_setup(void **ret_state);
int images_teardown(void **state);

/* An inventory with the @size bytes of @payload after a header that fits them. */
void images_frame(struct images_file *ret_file, const void *payload, size_t size);

/* Have the header of @file say @length. */
void images_set_length(struct images_file *file, size_t length);

/* As a CRIU writes it, with @n_names plugins, or without a list if that is -1. */
void images_build(struct images_file *ret_file, int n_names, const char *const names[]);

/* @old with "cuda_plugin" on its list, by the bytes that a real one has for it. */
void images_amend(struct images_file *ret_new, const struct images_file *old);

/* Write @file as the inventory in @dirfd. */
void images_put(int dirfd, const struct images_file *file);

/* The inventory in @dirfd is @expected. */
void images_check(int dirfd, const struct images_file *expected);

/* Nothing but an inventory is in @dirfd. */
void images_check_alone(int dirfd);
