/* Old files go, young ones stay. */

#define _POSIX_C_SOURCE 200809L

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include "support.h"

/* Makes the file as old as `days`. */
static void age(const char* store, const char* id, int days) {
    char name[PATH_CAPACITY];
    struct timespec times[2] = {{0, UTIME_OMIT}, {0, 0}};
    snprintf(name, sizeof name, "%s/%s", store, id);
    times[1].tv_sec = time(NULL) - days * 24L * 3600L;
    check(utimensat(AT_FDCWD, path_in_directory(name), times, 0) == 0, "a file gets older");
}

static void test_schedule(void) {
    int64_t next = 7;
    filestore_options* options = NULL;
    filestore_service* service = NULL;
    filestore_options_create(&options, NULL);
    filestore_options_set(options, "base_path", path_in_directory("schedule"), NULL);
    filestore_options_set(options, "cleanup_enabled", "true", NULL);
    check_code(filestore_open(options, &service, &err), FILESTORE_OK, &err, "open a store with a schedule");
    filestore_options_destroy(options);
    check_code(filestore_next_cleanup(service, &next, &err), FILESTORE_OK, &err, "ask for the next cleanup");
    check(next == 0, "nothing is scheduled before the start");
    check_code(filestore_start(service, &err), FILESTORE_OK, &err, "start a service");
    check_code(filestore_next_cleanup(service, &next, &err), FILESTORE_OK, &err,
               "ask a started service for the next cleanup");
    check(next > (int64_t)time(NULL) * 1000000, "the next cleanup is to come");
    filestore_close(service);
}

/* The file and its metadata, behind the library's back. */
static void lose(const char* store, const char* id) {
    char name[PATH_CAPACITY];
    snprintf(name, sizeof name, "%s/%s", store, id);
    check(remove(path_in_directory(name)) == 0, "a file is lost");
    snprintf(name, sizeof name, "%s/metadata/%s.json", store, id);
    check(remove(path_in_directory(name)) == 0, "its metadata are lost");
}

/* As many as make the library doubt that this is the store. */
#define LOST_FILES 20

static void test_accept_missing(void) {
    const struct timespec grace = {1, 100000000};
    char id[FILESTORE_ID_SIZE];
    uint64_t removed = 7;
    uint64_t failed = 7;
    uint64_t purged = 7;
    int32_t was_there = 0;
    int i = 0;
    filestore_options* options = NULL;
    filestore_call_options* call = NULL;
    filestore_service* service = NULL;
    filestore_options_create(&options, NULL);
    filestore_options_set(options, "base_path", path_in_directory("emptied"), NULL);
    filestore_options_set(options, "soft_delete_grace", "1s", NULL);
    check_code(filestore_open(options, &service, &err), FILESTORE_OK, &err, "open a store with soft delete");
    filestore_options_destroy(options);
    for (i = 0; i < LOST_FILES; ++i) {
        store_text(service, TEXT, id);
        check_code(filestore_delete(service, id, NULL, &was_there, &err), FILESTORE_OK, &err,
                   "delete a file");
        lose("emptied", id);
    }
    nanosleep(&grace, NULL);
    filestore_call_options_create(&call, NULL);
    check_code(filestore_cleanup(service, 1, 0, call, &removed, &failed, &purged, &err),
               FILESTORE_PRECONDITION_FAILED, &err,
               "cleanup of a store that holds nothing of what is recorded");
    check_code(filestore_call_options_set_accept_missing(call, 1, &err), FILESTORE_OK, &err,
               "accept what is missing");
    check_code(filestore_cleanup(service, 1, 1, call, &removed, &failed, &purged, &err), FILESTORE_OK, &err,
               "a dry run that accepts it");
    check_code(filestore_call_options_set_accept_missing(call, 0, &err), FILESTORE_OK, &err,
               "accept it no more");
    check_code(filestore_cleanup(service, 1, 0, call, &removed, &failed, &purged, &err),
               FILESTORE_PRECONDITION_FAILED, &err, "cleanup that accepts nothing");
    check_code(filestore_call_options_set_accept_missing(call, 1, &err), FILESTORE_OK, &err,
               "accept it again");
    check_code(filestore_cleanup(service, 1, 0, call, &removed, &failed, &purged, &err), FILESTORE_OK, &err,
               "cleanup that accepts what is missing");
    check(failed == 0, "nothing fails");
    filestore_call_options_destroy(call);
    filestore_close(service);
}

void test_cleanup(void) {
    char old[FILESTORE_ID_SIZE];
    char young[FILESTORE_ID_SIZE];
    uint64_t removed = 7;
    uint64_t failed = 7;
    uint64_t purged = 7;
    filestore_options* options = NULL;
    filestore_service* service = NULL;
    filestore_options_create(&options, NULL);
    filestore_options_set(options, "base_path", path_in_directory("cleanup"), NULL);
    filestore_options_set(options, "catalogue_path", "off", NULL);
    check_code(filestore_open(options, &service, &err), FILESTORE_OK, &err, "open a store to clean");
    filestore_options_destroy(options);
    store_text(service, TEXT, old);
    store_text(service, TEXT, young);
    age("cleanup", old, 3);

    check_code(filestore_cleanup(service, 0, 0, NULL, &removed, &failed, &purged, &err),
               FILESTORE_INVALID_ARGUMENT, &err, "cleanup of everything");
    check(removed == 0 && failed == 0 && purged == 0, "no numbers after a failure");
    check_code(filestore_cleanup(service, 2, 1, NULL, &removed, &failed, &purged, &err), FILESTORE_OK, &err,
               "a dry run of cleanup");
    check(removed == 1 && failed == 0 && purged == 0 && stored_count(service) == 2,
          "a dry run removes nothing");
    check_code(filestore_cleanup(service, 2, 0, NULL, &removed, &failed, &purged, &err), FILESTORE_OK, &err,
               "cleanup");
    check(removed == 1 && failed == 0 && purged == 0 && stored_count(service) == 1,
          "cleanup removes the old file");
    filestore_close(service);
    test_accept_missing();
    test_schedule();
}
