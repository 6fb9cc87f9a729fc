/*
 * fuzz: what a fuzz target is. tests/fuzz/fuzz_<name>.c defines the function
 * below, and tests/fuzz/corpus/<name>/ has its inputs. "make check" links it
 * with replay.c and runs the corpus; scripts/soak links it with libFuzzer.
 *
 * To add one: the file, at least one input, a line in fuzz_tests of
 * tests/Makemodule.am. A fuzz_<name>.dict beside it is used when there is one.
 */

#ifndef JWTGATE_FUZZ_H
#define JWTGATE_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the program, which is what a fuzzer takes for a finding. */
#define FUZZ_CHECK(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, \
			    #condition); \
			abort(); \
		} \
	} while (0)

#endif
