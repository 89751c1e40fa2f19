#define _POSIX_C_SOURCE 200809L

#include "inbox.h"

void open_inbox(struct Inbox* inbox) {
    pthread_mutex_init(&inbox->mutex, NULL);
    pthread_cond_init(&inbox->changed, NULL);
    inbox->answer = NULL;
    inbox->calls = 0;
    inbox->cancelled = 0;
}

void close_inbox(struct Inbox* inbox) {
    filestore_answer_destroy(inbox->answer);
    pthread_cond_destroy(&inbox->changed);
    pthread_mutex_destroy(&inbox->mutex);
}

void take_answer(void* context, filestore_answer* answer) {
    struct Inbox* inbox = context;
    pthread_mutex_lock(&inbox->mutex);
    filestore_answer_destroy(inbox->answer);
    inbox->answer = answer;
    ++inbox->calls;
    inbox->cancelled += filestore_answer_code(answer) == FILESTORE_CANCELLED;
    pthread_cond_signal(&inbox->changed);
    pthread_mutex_unlock(&inbox->mutex);
}

const filestore_answer* wait_for_answer(struct Inbox* inbox) {
    pthread_mutex_lock(&inbox->mutex);
    while (inbox->calls == 0) {
        pthread_cond_wait(&inbox->changed, &inbox->mutex);
    }
    --inbox->calls;
    const filestore_answer* answer = inbox->answer;
    pthread_mutex_unlock(&inbox->mutex);
    return answer;
}

const filestore_answer* check_answer(struct Inbox* inbox, int32_t started, int32_t expected,
                                     const char* name) {
    if (!check_code(started, FILESTORE_OK, &err, name)) {
        return NULL;
    }
    const filestore_answer* answer = wait_for_answer(inbox);
    const filestore_error* error = filestore_answer_error(answer);
    check(filestore_answer_code(answer) == expected && filestore_error_code(error) == expected &&
              (error == NULL) == (expected == FILESTORE_OK),
          name);
    return answer;
}

void check_document(struct Inbox* inbox, int32_t started, const char* part, const char* name) {
    const filestore_answer* answer = check_answer(inbox, started, FILESTORE_OK, name);
    check(strstr(filestore_buffer_data(filestore_answer_buffer(answer)), part) != NULL, name);
}
