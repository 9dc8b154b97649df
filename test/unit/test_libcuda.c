/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* How libcuda is found is tested with real libraries, in test/utility. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "libcuda.h"

static CUresult knows_only_one(CUresult error, const char **string)
{
	if (error != CUDA_ERROR_NOT_READY)
		return CUDA_ERROR_INVALID_VALUE;

	*string = "the driver's text";
	return CUDA_SUCCESS;
}

static void the_drivers_text_comes_first(void **state)
{
	struct libcuda libcuda = { .cuGetErrorString = knows_only_one };

	(void)state;
	assert_string_equal(libcuda_error_text(&libcuda, CUDA_ERROR_NOT_READY),
			    "the driver's text");
	assert_string_equal(libcuda_error_text(&libcuda, CUDA_ERROR_ILLEGAL_STATE),
			    "the operation cannot be performed in the present state");
}

static void without_cuGetErrorString_the_texts_are_the_same(void **state)
{
	struct libcuda libcuda = { .cuGetErrorString = NULL };

	(void)state;
	assert_string_equal(libcuda_error_text(&libcuda, CUDA_ERROR_NOT_INITIALIZED),
			    "initialization error");
	assert_string_equal(libcuda_error_text(&libcuda, CUDA_ERROR_OPERATING_SYSTEM),
			    "OS call failed or operation not supported on this OS");
	assert_string_equal(libcuda_error_text(&libcuda, CUDA_ERROR_NOT_READY),
			    "device not ready");
	assert_string_equal(libcuda_error_text(&libcuda, CUDA_ERROR_NOT_SUPPORTED),
			    "operation not supported");
}

static void a_code_without_a_text_is_a_number(void **state)
{
	struct libcuda libcuda = { .cuGetErrorString = knows_only_one };

	(void)state;
	assert_string_equal(libcuda_error_text(&libcuda, (CUresult)4711), "error 4711");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_drivers_text_comes_first),
		cmocka_unit_test(without_cuGetErrorString_the_texts_are_the_same),
		cmocka_unit_test(a_code_without_a_text_is_a_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
