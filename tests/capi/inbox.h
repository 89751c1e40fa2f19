#ifndef FILESTORE_TESTS_CAPI_INBOX_H
#define FILESTORE_TESTS_CAPI_INBOX_H

#include <pthread.h>

#include "support.h"

/* Where an answer is waited for. */
struct Inbox {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    filestore_answer* answer;
    int calls;
    int cancelled;
};

void open_inbox(struct Inbox* inbox);
void close_inbox(struct Inbox* inbox);

/* A filestore_done_function, whose context is a struct Inbox. */
void take_answer(void* context, filestore_answer* answer);

/* The next answer; it stays the inbox's until the one after it comes. */
const filestore_answer* wait_for_answer(struct Inbox* inbox);

/* Checks that a call was started and came to a code, and gives its answer; NULL where it was not started. */
const filestore_answer* check_answer(struct Inbox* inbox, int32_t started, int32_t expected,
                                     const char* name);

/* The same of a call that succeeds with a document, which has a part. */
void check_document(struct Inbox* inbox, int32_t started, const char* part, const char* name);

#endif
