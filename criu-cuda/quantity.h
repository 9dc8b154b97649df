/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bytes and shares, as short text for people. Pure.
 */
#pragma once

#include <stdint.h>

/* Room for any of them, and its zero. */
#define QUANTITY_SIZE 32

/* "512 B", "1.5 KiB", up to EiB; rounded. */
void quantity_bytes(uint64_t bytes, char ret_text[QUANTITY_SIZE]);

/* How much @part is of @whole: "37.5 %", rounded; "-" of nothing. */
void quantity_share(uint64_t part, uint64_t whole, char ret_text[QUANTITY_SIZE]);
