/* Asynchronous calls, and executors of the program. */

#define _POSIX_C_SOURCE 200809L

#include <stdlib.h>
#include <time.h>

#include "inbox.h"

static void test_uploads(filestore_service* service, struct Inbox* inbox) {
    struct Reader reader = {TEXT, TEXT_SIZE, 0, 5, 0, 0, 0};
    char id[FILESTORE_ID_SIZE];
    filestore_upload_options* options = NULL;
    int32_t answer = 0;
    filestore_upload_options_create(&options, NULL);
    filestore_upload_options_set_path(options, "later.txt", NULL);
    const int32_t started =
        filestore_upload_buffer_async(service, TEXT, TEXT_SIZE, options, take_answer, inbox, &err);
    filestore_upload_options_destroy(options);
    snprintf(id, sizeof id, "%s",
             filestore_answer_id(check_answer(inbox, started, FILESTORE_OK, "upload_buffer_async")));
    filestore_exists(service, id, NULL, &answer, NULL);
    check(answer == 1, "what was uploaded is there");
    filestore_buffer* json = NULL;
    filestore_metadata(service, id, NULL, &json, NULL);
    check(strstr(filestore_buffer_data(json), "later.txt") != NULL,
          "options may go once the call was started");
    filestore_buffer_destroy(json);
    write_file("async.txt", TEXT);
    check_answer(
        inbox,
        filestore_upload_path_async(service, path_in_directory("async.txt"), NULL, take_answer, inbox, &err),
        FILESTORE_OK, "upload_path_async");
    check_answer(inbox,
                 filestore_upload_callback_async(service, read_data, rewind_data, &reader, TEXT_SIZE, NULL,
                                                 take_answer, inbox, &err),
                 FILESTORE_OK, "upload_callback_async");
    reader.position = 0;
    reader.fail_with = 4711;
    const filestore_answer* failed =
        check_answer(inbox,
                     filestore_upload_callback_async(service, read_data, NULL, &reader, TEXT_SIZE, NULL,
                                                     take_answer, inbox, &err),
                     FILESTORE_SOURCE_FAILED, "upload_callback_async whose reader fails");
    check(filestore_error_caller_code(filestore_answer_error(failed)) == 4711,
          "the reader's code comes back in the answer");
    check_text(filestore_answer_id(failed), "", "no id of a failure");
}

static void test_downloads(filestore_service* service, struct Inbox* inbox) {
    struct Writer writer = {{0}, 0, 0};
    char id[FILESTORE_ID_SIZE];
    char memory[TEXT_SIZE];
    store_text(service, TEXT, id);
    const filestore_answer* answer =
        check_answer(inbox, filestore_download_buffer_async(service, id, NULL, take_answer, inbox, &err),
                     FILESTORE_OK, "download_buffer_async");
    check(buffer_holds(filestore_answer_buffer(answer), TEXT, TEXT_SIZE), "the buffer of an answer");
    answer = check_answer(inbox,
                          filestore_download_path_async(service, id, path_in_directory("async-out.txt"), NULL,
                                                        take_answer, inbox, &err),
                          FILESTORE_OK, "download_path_async");
    check(filestore_answer_bytes(answer) == TEXT_SIZE && file_holds("async-out.txt", TEXT),
          "the file of a download");
    answer = check_answer(
        inbox,
        filestore_download_into_async(service, id, memory, sizeof memory, NULL, take_answer, inbox, &err),
        FILESTORE_OK, "download_into_async");
    check(filestore_answer_bytes(answer) == TEXT_SIZE && memcmp(memory, TEXT, TEXT_SIZE) == 0,
          "the memory of a download");
    answer = check_answer(
        inbox,
        filestore_download_callback_async(service, id, write_data, &writer, NULL, take_answer, inbox, &err),
        FILESTORE_OK, "download_callback_async");
    check(filestore_answer_bytes(answer) == TEXT_SIZE && writer.size == TEXT_SIZE,
          "the writer of a download");
    check(filestore_answer_buffer(answer) == NULL && filestore_answer_page(answer) == NULL,
          "an answer has what was asked for only");
    answer = check_answer(
        inbox, filestore_download_buffer_async(service, UNKNOWN_ID, NULL, take_answer, inbox, &err),
        FILESTORE_NOT_FOUND, "download_buffer_async of an unknown id");
    check(filestore_answer_buffer(answer) == NULL, "no buffer of a failure");
}

static void test_questions(filestore_service* service, struct Inbox* inbox) {
    char id[FILESTORE_ID_SIZE];
    store_text(service, TEXT, id);
    const filestore_answer* answer =
        check_answer(inbox, filestore_exists_async(service, id, NULL, take_answer, inbox, &err), FILESTORE_OK,
                     "exists_async");
    check(filestore_answer_flag(answer) == 1, "a stored file is there");
    answer = check_answer(inbox, filestore_metadata_async(service, id, NULL, take_answer, inbox, &err),
                          FILESTORE_OK, "metadata_async");
    check(strstr(filestore_buffer_data(filestore_answer_buffer(answer)), id) != NULL,
          "the metadata has the id");
    answer = check_answer(inbox, filestore_list_async(service, NULL, 0, NULL, take_answer, inbox, &err),
                          FILESTORE_OK, "list_async");
    check(filestore_list_page_count(filestore_answer_page(answer)) > 0, "the page has files");
    check_answer(inbox, filestore_list_async(service, NULL, 1001, NULL, take_answer, inbox, &err),
                 FILESTORE_INVALID_ARGUMENT, "list_async of too many");
    check_answer(inbox, filestore_presign_async(service, id, NULL, take_answer, inbox, &err),
                 FILESTORE_UNSUPPORTED, "presign_async of a store without URLs");
    answer = check_answer(inbox, filestore_undelete_async(service, id, NULL, take_answer, inbox, &err),
                          FILESTORE_OK, "undelete_async of a stored file");
    check(filestore_answer_flag(answer) == 0, "there was nothing to do");
    answer = check_answer(inbox, filestore_delete_async(service, id, NULL, take_answer, inbox, &err),
                          FILESTORE_OK, "delete_async");
    check(filestore_answer_flag(answer) == 1, "the file was there");
    answer = check_answer(inbox, filestore_delete_async(service, id, NULL, take_answer, inbox, &err),
                          FILESTORE_OK, "delete_async again");
    check(filestore_answer_flag(answer) == 0, "the file was not there");
}

static void test_urls(struct Inbox* inbox) {
    filestore_options* options = NULL;
    filestore_service* service = NULL;
    filestore_options_create(&options, NULL);
    filestore_options_set(options, "base_path", path_in_directory("async-signed"), NULL);
    filestore_options_set(options, "url_base", "https://files.example", NULL);
    filestore_options_set(options, "url_key", "a secret of 32 bytes, or of more.", NULL);
    filestore_open(options, &service, NULL);
    filestore_options_destroy(options);
    const filestore_answer* answer =
        check_answer(inbox, filestore_presign_async(service, UNKNOWN_ID, NULL, take_answer, inbox, &err),
                     FILESTORE_OK, "presign_async");
    check(strstr(filestore_buffer_data(filestore_answer_buffer(answer)), UNKNOWN_ID) != NULL &&
              filestore_answer_expires_at(answer) > (int64_t)time(NULL) * 1000000,
          "the URL of an answer, and its end");
    filestore_close(service);
}

static void test_refused_starts(filestore_service* service, struct Inbox* inbox) {
    const int32_t invalid = FILESTORE_INVALID_ARGUMENT;
    const char* id = UNKNOWN_ID;
    char byte = 0;
    check_code(filestore_upload_path_async(NULL, "x", NULL, take_answer, inbox, &err), invalid, &err,
               "upload_path_async without service");
    check_code(
        filestore_upload_path_async(service, path_in_directory("missing"), NULL, take_answer, inbox, &err),
        FILESTORE_NOT_FOUND, &err, "upload_path_async of a missing file");
    check_code(filestore_upload_buffer_async(service, NULL, 1, NULL, take_answer, inbox, &err), invalid, &err,
               "upload_buffer_async without data");
    check_code(filestore_upload_buffer_async(service, TEXT, 1, NULL, NULL, inbox, &err), invalid, &err,
               "upload_buffer_async without done");
    check_code(filestore_upload_callback_async(service, NULL, NULL, NULL, 0, NULL, take_answer, inbox, &err),
               invalid, &err, "upload_callback_async without reader");
    check_code(filestore_download_path_async(service, id, NULL, NULL, take_answer, inbox, &err), invalid,
               &err, "download_path_async without path");
    check_code(filestore_download_buffer_async(service, "x", NULL, take_answer, inbox, &err), invalid, &err,
               "download_buffer_async of a malformed id");
    check_code(filestore_download_buffer_async(service, id, NULL, NULL, inbox, &err), invalid, &err,
               "download_buffer_async without done");
    check_code(filestore_download_into_async(service, id, NULL, 1, NULL, take_answer, inbox, &err), invalid,
               &err, "download_into_async without memory");
    check_code(filestore_download_into_async(NULL, id, &byte, 1, NULL, take_answer, inbox, &err), invalid,
               &err, "download_into_async without service");
    check_code(filestore_download_callback_async(service, id, NULL, NULL, NULL, take_answer, inbox, &err),
               invalid, &err, "download_callback_async without writer");
    check_code(filestore_delete_async(service, NULL, NULL, take_answer, inbox, &err), invalid, &err,
               "delete_async without id");
    check_code(filestore_undelete_async(NULL, id, NULL, take_answer, inbox, &err), invalid, &err,
               "undelete_async without service");
    check_code(filestore_exists_async(service, id, NULL, NULL, inbox, &err), invalid, &err,
               "exists_async without done");
    check_code(filestore_metadata_async(NULL, id, NULL, take_answer, inbox, &err), invalid, &err,
               "metadata_async without service");
    check_code(filestore_presign_async(service, NULL, NULL, take_answer, inbox, &err), invalid, &err,
               "presign_async without id");
    check_code(filestore_list_async(NULL, NULL, 0, NULL, take_answer, inbox, &err), invalid, &err,
               "list_async without service");
    check_code(filestore_list_async(service, NULL, 0, NULL, NULL, inbox, &err), invalid, &err,
               "list_async without done");
    check(inbox->calls == 0, "what was not started has no answer");
    check(filestore_answer_code(NULL) == FILESTORE_OK && filestore_answer_error(NULL) == NULL &&
              filestore_answer_flag(NULL) == 0 && filestore_answer_bytes(NULL) == 0 &&
              filestore_answer_expires_at(NULL) == 0 && filestore_answer_buffer(NULL) == NULL &&
              filestore_answer_page(NULL) == NULL,
          "an answer that is NULL has nothing");
    check_text(filestore_answer_id(NULL), "", "the id of no answer");
    filestore_answer_destroy(NULL);
    filestore_task_run(NULL);
}

/* An upload that never ends by itself; `begun` is told of its first bytes. */
static int32_t read_for_ever(void* context, void* buffer, size_t capacity, size_t* length) {
    const struct timespec pause = {0, 2000000};
    struct Inbox* begun = context;
    pthread_mutex_lock(&begun->mutex);
    begun->calls = 1;
    pthread_cond_signal(&begun->changed);
    pthread_mutex_unlock(&begun->mutex);
    nanosleep(&pause, NULL);
    memset(buffer, 'x', capacity < 16 ? capacity : 16);
    *length = capacity < 16 ? capacity : 16;
    return 0;
}

static void start_endless_upload(filestore_service* service, const filestore_upload_options* options,
                                 struct Inbox* begun, struct Inbox* inbox, const char* name) {
    check_code(filestore_upload_callback_async(service, read_for_ever, NULL, begun, FILESTORE_UNKNOWN_SIZE,
                                               options, take_answer, inbox, &err),
               FILESTORE_OK, &err, name);
    wait_for_answer(begun);
}

static void test_cancelling_async(filestore_service* service, struct Inbox* inbox) {
    struct Inbox begun;
    filestore_cancel* cancel = NULL;
    filestore_upload_options* options = NULL;
    open_inbox(&begun);
    filestore_cancel_create(&cancel, NULL);
    filestore_upload_options_create(&options, NULL);
    filestore_upload_options_set_cancel(options, cancel, NULL);
    start_endless_upload(service, options, &begun, inbox, "an upload that is cancelled");
    filestore_cancel_request(cancel);
    check(filestore_answer_code(wait_for_answer(inbox)) == FILESTORE_CANCELLED,
          "a cancelled upload is answered");
    filestore_upload_options_destroy(options);
    filestore_cancel_destroy(cancel);
    close_inbox(&begun);
}

static void test_pausing(filestore_service* service, struct Inbox* inbox) {
    const struct timespec moment = {0, 50000000};
    char id[FILESTORE_ID_SIZE];
    filestore_pause* pause = NULL;
    filestore_upload_options* upload = NULL;
    filestore_download_options* download = NULL;
    filestore_upload_options_create(&upload, NULL);
    filestore_download_options_create(&download, NULL);
    check_code(filestore_pause_create(&pause, &err), FILESTORE_OK, &err, "pause_create");
    check_code(filestore_upload_options_set_pause(upload, pause, &err), FILESTORE_OK, &err,
               "set_pause of an upload");
    check_code(filestore_download_options_set_pause(download, pause, &err), FILESTORE_OK, &err,
               "set_pause of a download");
    check(filestore_pause_is_set(pause) == 0, "nothing is paused at first");
    filestore_pause_set(pause, 1);
    check(filestore_pause_is_set(pause) == 1, "pause_set");
    check_code(filestore_upload_buffer_async(service, TEXT, TEXT_SIZE, upload, take_answer, inbox, &err),
               FILESTORE_OK, &err, "an upload that is paused");
    nanosleep(&moment, NULL);
    pthread_mutex_lock(&inbox->mutex);
    check(inbox->calls == 0, "it does not end");
    pthread_mutex_unlock(&inbox->mutex);
    filestore_pause_set(pause, 0);
    const filestore_answer* answer = wait_for_answer(inbox);
    check(filestore_answer_code(answer) == FILESTORE_OK, "it goes on");
    snprintf(id, sizeof id, "%s", filestore_answer_id(answer));
    check_answer(inbox, filestore_download_buffer_async(service, id, download, take_answer, inbox, &err),
                 FILESTORE_OK, "a download that is not paused");
    check_code(filestore_upload_options_set_pause(NULL, pause, &err), FILESTORE_INVALID_ARGUMENT, &err,
               "set_pause of no upload options");
    check_code(filestore_download_options_set_pause(NULL, pause, &err), FILESTORE_INVALID_ARGUMENT, &err,
               "set_pause of no download options");
    check_code(filestore_pause_create(NULL, &err), FILESTORE_INVALID_ARGUMENT, &err,
               "pause_create without output");
    filestore_pause_destroy(pause);
    filestore_pause_destroy(NULL);
    filestore_pause_set(NULL, 1);
    check(filestore_pause_is_set(NULL) == 0, "a pause that is NULL");
    filestore_upload_options_destroy(upload);
    filestore_download_options_destroy(download);
}

static void test_closing(struct Inbox* inbox) {
    struct Inbox begun;
    filestore_service* service = open_store("closed-early");
    open_inbox(&begun);
    start_endless_upload(service, NULL, &begun, inbox, "an upload that ends with its service");
    const int before = inbox->cancelled;
    int started = 1;
    for (int i = 0; i < 100; ++i) {
        started +=
            filestore_exists_async(service, UNKNOWN_ID, NULL, take_answer, inbox, NULL) == FILESTORE_OK;
    }
    filestore_close(service);
    check(started == 101 && inbox->calls == 101, "every call is answered once when filestore_close returns");
    check(inbox->cancelled > before, "what was under way ends as cancelled");
    for (; started > 0; --started) {
        wait_for_answer(inbox);
    }
    close_inbox(&begun);
}

struct Chain {
    filestore_service* service;
    struct Inbox* inbox;
    struct Inbox first;
    int32_t blocking;
    int32_t started;
};

/* In a callback: blocking calls are refused, others can be started, and the service may go. */
static void go_on(void* context, filestore_answer* answer) {
    struct Chain* chain = context;
    int32_t exists = 0;
    chain->blocking = filestore_exists(chain->service, UNKNOWN_ID, NULL, &exists, NULL);
    chain->started = filestore_exists_async(chain->service, filestore_answer_id(answer), NULL, take_answer,
                                            chain->inbox, NULL);
    take_answer(&chain->first, answer);
}

static void close_and_tell(void* context, filestore_answer* answer) {
    struct Chain* chain = context;
    filestore_close(chain->service);
    take_answer(chain->inbox, answer);
}

static void test_calls_in_callbacks(struct Inbox* inbox) {
    struct Chain chain;
    chain.service = open_store("chained");
    chain.inbox = inbox;
    open_inbox(&chain.first);
    check_code(filestore_upload_buffer_async(chain.service, TEXT, TEXT_SIZE, NULL, go_on, &chain, &err),
               FILESTORE_OK, &err, "a call whose callback goes on");
    check(filestore_answer_flag(wait_for_answer(inbox)) == 1, "a call that was started in a callback");
    check(filestore_answer_code(wait_for_answer(&chain.first)) == FILESTORE_OK, "the call before it");
    check(chain.started == FILESTORE_OK && chain.blocking == FILESTORE_WOULD_DEADLOCK,
          "a blocking call is refused in a callback");
    check_code(filestore_exists_async(chain.service, UNKNOWN_ID, NULL, close_and_tell, &chain, &err),
               FILESTORE_OK, &err, "a call whose callback closes the service");
    check(filestore_answer_code(wait_for_answer(inbox)) == FILESTORE_OK, "a service can go in a callback");
    close_inbox(&chain.first);
}

/* One thread that runs what it is given. */
struct Worker {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    filestore_task* tasks[64];
    size_t taken;
    size_t run;
    int has_room;
    int is_over;
};

static int32_t take_task(void* context, filestore_task* task) {
    struct Worker* worker = context;
    pthread_mutex_lock(&worker->mutex);
    const int has_room = worker->has_room && worker->taken - worker->run < 64;
    if (has_room) {
        worker->tasks[worker->taken++ % 64] = task;
        pthread_cond_signal(&worker->changed);
    }
    pthread_mutex_unlock(&worker->mutex);
    return has_room ? 0 : 7;
}

static void* run_tasks(void* context) {
    struct Worker* worker = context;
    pthread_mutex_lock(&worker->mutex);
    while (!worker->is_over || worker->run < worker->taken) {
        if (worker->run == worker->taken) {
            pthread_cond_wait(&worker->changed, &worker->mutex);
            continue;
        }
        filestore_task* task = worker->tasks[worker->run % 64];
        pthread_mutex_unlock(&worker->mutex);
        filestore_task_run(task);
        pthread_mutex_lock(&worker->mutex);
        ++worker->run;
    }
    pthread_mutex_unlock(&worker->mutex);
    return NULL;
}

static void start_worker(struct Worker* worker) {
    memset(worker, 0, sizeof *worker);
    worker->has_room = 1;
    pthread_mutex_init(&worker->mutex, NULL);
    pthread_cond_init(&worker->changed, NULL);
    pthread_create(&worker->thread, NULL, run_tasks, worker);
}

static void end_worker(struct Worker* worker) {
    pthread_mutex_lock(&worker->mutex);
    worker->is_over = 1;
    pthread_cond_signal(&worker->changed);
    pthread_mutex_unlock(&worker->mutex);
    pthread_join(worker->thread, NULL);
    pthread_cond_destroy(&worker->changed);
    pthread_mutex_destroy(&worker->mutex);
}

static void refuse_tasks(struct Worker* worker, int refuse) {
    pthread_mutex_lock(&worker->mutex);
    worker->has_room = !refuse;
    pthread_mutex_unlock(&worker->mutex);
}

struct OnThread {
    struct Inbox* inbox;
    pthread_t thread;
};

static void note_thread(void* context, filestore_answer* answer) {
    struct OnThread* on = context;
    on->thread = pthread_self();
    take_answer(on->inbox, answer);
}

static void test_executor(struct Inbox* inbox) {
    struct Worker worker;
    struct OnThread on = {inbox, pthread_self()};
    filestore_options* options = NULL;
    filestore_service* service = NULL;
    char id[FILESTORE_ID_SIZE];
    start_worker(&worker);
    filestore_options_create(&options, NULL);
    filestore_options_set(options, "base_path", path_in_directory("executed"), NULL);
    check_code(filestore_options_set_executor(NULL, take_task, &worker, &err), FILESTORE_INVALID_ARGUMENT,
               &err, "set_executor of no options");
    check_code(filestore_options_set_executor(options, take_task, &worker, &err), FILESTORE_OK, &err,
               "set_executor");
    check_code(filestore_open(options, &service, &err), FILESTORE_OK, &err, "open with an executor");
    filestore_options_destroy(options);
    check_answer(inbox, filestore_upload_buffer_async(service, TEXT, TEXT_SIZE, NULL, note_thread, &on, &err),
                 FILESTORE_OK, "upload_buffer_async on an executor");
    check(pthread_equal(on.thread, worker.thread), "callbacks come on the program's thread");
    check_code(filestore_upload_buffer(service, TEXT, TEXT_SIZE, NULL, id, &err), FILESTORE_OK, &err,
               "a blocking upload beside an executor");
    refuse_tasks(&worker, 1);
    check_answer(inbox,
                 filestore_upload_buffer_async(service, TEXT, TEXT_SIZE, NULL, take_answer, inbox, &err),
                 FILESTORE_NO_MEMORY, "an executor without room");
    refuse_tasks(&worker, 0);
    check_answer(inbox, filestore_exists_async(service, id, NULL, take_answer, inbox, &err), FILESTORE_OK,
                 "an executor with room again");
    filestore_close(service);
    end_worker(&worker);
    check(worker.taken > 0 && worker.run == worker.taken, "every task was run");
}

void test_async(filestore_service* service) {
    struct Inbox inbox;
    open_inbox(&inbox);
    test_uploads(service, &inbox);
    test_downloads(service, &inbox);
    test_questions(service, &inbox);
    test_urls(&inbox);
    test_refused_starts(service, &inbox);
    test_cancelling_async(service, &inbox);
    test_pausing(service, &inbox);
    test_closing(&inbox);
    test_calls_in_callbacks(&inbox);
    test_executor(&inbox);
    close_inbox(&inbox);
}
