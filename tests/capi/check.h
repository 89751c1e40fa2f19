#ifndef FILESTORE_TESTS_CAPI_CHECK_H
#define FILESTORE_TESTS_CAPI_CHECK_H

/* Counts checks and prints a line for each: "ok N name" or "not ok N name". */

#include <filestore.h>
#include <stdio.h>
#include <string.h>

/* Returns whether it holds. */
int check(int holds, const char* name);

void check_text(const char* actual, const char* expected, const char* name);

/* The code is the expected one, and the error object says the same. Ends the error. Returns whether it holds. */
int check_code(int32_t actual, int32_t expected, filestore_error** err, const char* name);

/* Prints how many checks there were; returns the exit code of the program. */
int finish_checks(void);

#endif
