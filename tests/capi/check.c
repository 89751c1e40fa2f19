#define _POSIX_C_SOURCE 200809L

#include "check.h"

#include <pthread.h>

/* Callbacks of asynchronous calls check, too. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int checks_made = 0;
static int checks_failed = 0;

int check(int holds, const char* name) {
    pthread_mutex_lock(&mutex);
    ++checks_made;
    if (!holds) {
        ++checks_failed;
    }
    printf("%sok %d %s\n", holds ? "" : "not ", checks_made, name);
    pthread_mutex_unlock(&mutex);
    return holds;
}

void check_text(const char* actual, const char* expected, const char* name) {
    if (!check(actual != NULL && strcmp(actual, expected) == 0, name)) {
        printf("#   '%s' where '%s' was expected\n", actual != NULL ? actual : "(null)", expected);
    }
}

static int is_one_line(const char* text) {
    return text[0] != '\0' && strpbrk(text, "\r\n") == NULL;
}

int check_code(int32_t actual, int32_t expected, filestore_error** err, const char* name) {
    const int error_fits = expected == FILESTORE_OK
                               ? *err == NULL
                               : *err != NULL && filestore_error_code(*err) == expected &&
                                     is_one_line(filestore_error_message(*err));
    const int holds = check(actual == expected && error_fits, name);
    if (!holds) {
        printf("#   %s where %s was expected: %s\n", filestore_code_name(actual),
               filestore_code_name(expected), filestore_error_message(*err));
    }
    filestore_error_destroy(*err);
    *err = NULL;
    return holds;
}

int finish_checks(void) {
    printf("1..%d\n", checks_made);
    return checks_failed == 0 ? 0 : 1;
}
