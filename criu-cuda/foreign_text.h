/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Text of any bytes, from images or a command line, printed so that it harms no reader:
 * neither a terminal nor a program that expects UTF-8. Does not log.
 */
#pragma once

#include <stdio.h>

/* For people: what is no UTF-8, and each control character, becomes a question mark. */
void foreign_text_print(FILE *stream, const char *text);

/*
 * As a JSON string, with its quotes: what is no UTF-8 becomes U+FFFD, a control character
 * its escape.
 */
void foreign_text_print_json(FILE *stream, const char *text);
