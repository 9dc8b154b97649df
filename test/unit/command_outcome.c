/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
#include "command_outcome.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_libcuda.h"

int reset(void **state)
{
	(void)state;
	fake_libcuda_reset();
	return 0;
}

struct outcome run(struct arguments arguments)
{
	struct outcome outcome;
	struct libcuda libcuda;

	assert_int_equal(libcuda_open(&libcuda), 0);
	if (!arguments.pid)
		arguments.pid = PID;

	capture_begin(&outcome.out, stdout);
	capture_begin(&outcome.err, stderr);
	outcome.ret = command_run(&arguments, &libcuda);
	capture_end(&outcome.err);
	capture_end(&outcome.out);
	return outcome;
}

struct outcome act(enum cuda_action action)
{
	return run((struct arguments){ .operation = OPERATION_ACTION, .action = action });
}

struct outcome toggle(void)
{
	return run((struct arguments){ .operation = OPERATION_TOGGLE });
}

void assert_outcome(const struct outcome *outcome, int ret, const char *out,
		    const char *err)
{
	assert_string_equal(outcome->err.text, err);
	assert_string_equal(outcome->out.text, out);
	assert_int_equal(outcome->ret, ret);
}
