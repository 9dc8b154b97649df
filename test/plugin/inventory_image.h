/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An inventory.img as CRIU writes it, with a field that nobody knows.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define INVENTORY_IMAGE_MAX 256

/* Write it, with a list of @plugins times "cuda_plugin" or without a list. Aborts. */
void inventory_image_write(int dirfd, bool has_list, size_t plugins);

/* Cut the last byte off. */
void inventory_image_damage(const char *folder);

/* Read it. Return: its size. */
size_t inventory_image_read(const char *folder, unsigned char *bytes);

/* What is in it without a list, after the header, and the list with our plugin. */
size_t inventory_image_message(const unsigned char **ret_bytes);
size_t inventory_image_list(const unsigned char **ret_bytes);
