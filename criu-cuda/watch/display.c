/* SPDX-License-Identifier: GPL-2.0-only */
#include "display.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "clock.h"

#define NAP_MS	100 /* between looks whether it is over */
#define COLUMNS 80

/* Back to where the line begins, and away with the rest of what was there. */
#define AT_BEGIN "\r"
#define AT_END	 "\033[K"

void display_init(struct display *display, unsigned int interval_s)
{
	display->is_terminal = isatty(STDOUT_FILENO);
	display->interval_ms = display->is_terminal ? 1000 : 5000;
	if (interval_s)
		display->interval_ms = interval_s * INT64_C(1000);
}

void display_cut(char *line, size_t columns)
{
	if (strlen(line) <= columns)
		return;

	while (columns && ((unsigned char)line[columns] & 0xc0) == 0x80)
		columns--;
	line[columns] = '\0';
}

/* In the last column some terminals begin a new line. */
static size_t columns_of_terminal(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col < 2)
		return COLUMNS - 1;

	return size.ws_col - 1u;
}

void display_show(const struct display *display, char *line)
{
	if (display->is_terminal) {
		display_cut(line, columns_of_terminal());
		printf(AT_BEGIN "%s" AT_END, line);
	} else {
		puts(line);
	}
	fflush(stdout);
}

void display_end(const struct display *display, const char *line)
{
	printf("%s%s%s\n", display->is_terminal ? AT_BEGIN : "", line,
	       display->is_terminal ? AT_END : "");
}

void display_nap(const struct display *display, bool (*is_over)(void *subject),
		 void *subject)
{
	const int64_t end = clock_ms() + display->interval_ms;

	while (clock_ms() < end && !is_over(subject))
		clock_sleep_ms(NAP_MS);
}
