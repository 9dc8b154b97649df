/* SPDX-License-Identifier: GPL-2.0-only */
#include "foreign_text.h"

#include <stdbool.h>
#include <stdint.h>

#define REPLACEMENT 0xfffdu
#define SURROGATES  0xd800u
#define SURROGATE_N 0x800u
#define LAST	    0x10ffffu

/* A character: its number, and how many bytes it took; 0 if these are no UTF-8. */
struct character {
	uint32_t code;
	size_t size;
};

/* By its first byte: how many follow, and what is the smallest that needs as many. */
static const struct shape {
	unsigned char mask, bits;
	size_t size;
	uint32_t least;
} shapes[] = {
	{ 0x80, 0x00, 1, 0 },
	{ 0xe0, 0xc0, 2, 0x80 },
	{ 0xf0, 0xe0, 3, 0x800 },
	{ 0xf8, 0xf0, 4, 0x10000 },
};

static const struct shape *shape_of(unsigned char first)
{
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		if ((first & shapes[i].mask) == shapes[i].bits)
			return &shapes[i];
	}

	return NULL;
}

/* The terminating zero follows nothing: no byte behind it is looked at. */
static struct character first_of(const char *text)
{
	const struct character none = { .code = REPLACEMENT };
	const struct shape *shape = shape_of((unsigned char)text[0]);
	struct character character;

	if (!shape)
		return none;

	character.size = shape->size;
	character.code = (unsigned char)text[0] & (unsigned char)~shape->mask;
	for (size_t i = 1; i < shape->size; i++) {
		if (((unsigned char)text[i] & 0xc0) != 0x80)
			return none;
		character.code = character.code << 6 | ((unsigned char)text[i] & 0x3f);
	}

	if (character.code < shape->least || character.code > LAST ||
	    character.code - SURROGATES < SURROGATE_N)
		return none;

	return character;
}

/* Those of ASCII, and those of which a terminal makes the same. */
static bool is_control(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

void foreign_text_print(FILE *stream, const char *text)
{
	while (*text) {
		struct character character = first_of(text);

		if (!character.size || is_control(character.code))
			fputc('?', stream);
		else
			fwrite(text, 1, character.size, stream);
		text += character.size ? character.size : 1;
	}
}

void foreign_text_print_json(FILE *stream, const char *text)
{
	fputc('"', stream);
	while (*text) {
		struct character character = first_of(text);

		if (!character.size || is_control(character.code))
			fprintf(stream, "\\u%04x", character.code);
		else if (*text == '"' || *text == '\\')
			fprintf(stream, "\\%c", *text);
		else
			fwrite(text, 1, character.size, stream);
		text += character.size ? character.size : 1;
	}
	fputc('"', stream);
}
