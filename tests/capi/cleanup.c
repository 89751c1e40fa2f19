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

static int32_t note_file(void* context, const char* id, const char* outcome, const char* reason) {
    char* noted = context;
    check(strlen(id) + 1 == FILESTORE_ID_SIZE, "the ID of a file");
    snprintf(noted, 256, "%s %s %s", id, outcome, reason);
    return 0;
}

static int32_t end_run(void* context, const char* id, const char* outcome, const char* reason) {
    check(context == NULL && id[0] != 0 && outcome[0] != 0 && reason[0] == 0, "a file that ends the run");
    return 7;
}

static void check_report(filestore_buffer* report, const char* expected, const char* what) {
    check_text(report != NULL ? filestore_buffer_data(report) : "", expected, what);
    filestore_buffer_destroy(report);
}

static void check_noted(const char* noted, const char* id, const char* outcome) {
    char expected[256];
    snprintf(expected, sizeof expected, "%s %s ", id, outcome);
    check(strncmp(noted, expected, strlen(expected)) == 0, "what is told of a file");
}

static void test_report(void) {
    char old[FILESTORE_ID_SIZE];
    char path[PATH_CAPACITY];
    char noted[256] = "";
    filestore_options* options = NULL;
    filestore_call_options* call = NULL;
    filestore_service* service = NULL;
    filestore_buffer* report = NULL;
    filestore_options_create(&options, NULL);
    filestore_options_set(options, "base_path", path_in_directory("report"), NULL);
    filestore_options_set(options, "catalogue_path", "off", NULL);
    check_code(filestore_open(options, &service, &err), FILESTORE_OK, &err, "open a store to report of");
    filestore_options_destroy(options);
    filestore_call_options_create(&call, NULL);
    check_code(filestore_call_options_set_uploads_older_than(call, 3600, &err), FILESTORE_OK, &err,
               "set the age of uploads");
    check_code(filestore_call_options_set_uploads_older_than(call, UINT64_MAX, &err),
               FILESTORE_INVALID_ARGUMENT, &err, "set an age that no upload has");
    check_code(filestore_call_options_set_count_versions(call, 1, &err), FILESTORE_OK, &err,
               "have versions counted");
    store_text(service, TEXT, old);
    age("report", old, 3);

    check_code(filestore_cleanup_report(service, 0, 1, NULL, NULL, NULL, &report, &err),
               FILESTORE_INVALID_ARGUMENT, &err, "a report of everything");
    check(report == NULL, "no report after a failure");
    check_code(filestore_cleanup_report(service, 2, 1, note_file, noted, call, &report, &err), FILESTORE_OK,
               &err, "a report of a dry run");
    check(strstr(filestore_buffer_data(report), "{\"dry_run\":true,\"removed\":1,\"bytes\":") != NULL &&
              strstr(filestore_buffer_data(report),
                     "\"kept_versions\":{\"versions\":0,\"bytes\":0,\"orphan_markers\":0}}") != NULL,
          "what would be removed");
    filestore_buffer_destroy(report);
    check_noted(noted, old, "removed");
    check(stored_count(service) == 1, "a report of a dry run removes nothing");

    snprintf(path, sizeof path, "report/metadata/%s.json", old);
    check_code(filestore_cleanup_report(service, 2, 1, end_run, NULL, NULL, &report, &err),
               FILESTORE_SINK_FAILED, &err, "a run that its listener ends");
    check(report == NULL, "no report of a run that was ended");
    FILE* file = fopen(path_in_directory(path), "w");
    check(file != NULL && fputs("damaged", file) > 0 && fclose(file) == 0, "metadata are damaged");
    check_code(filestore_cleanup_report(service, 2, 0, note_file, noted, NULL, &report, &err), FILESTORE_OK,
               &err, "a report of a file that fails");
    check_report(report,
                 "{\"dry_run\":false,\"removed\":0,\"bytes\":0,\"bytes_in_versions\":0,\"already_gone\":0,"
                 "\"kept\":0,\"failed\":1,"
                 "\"stale_uploads\":0,\"purged\":0,\"bytes_purged\":0}",
                 "a file has failed");
    check_noted(noted, old, "failed");
    check(strlen(noted) > strlen(old) + sizeof " failed ", "why it failed");
    check_code(filestore_cleanup_report(service, 2, 0, NULL, NULL, NULL, &report, &err), FILESTORE_OK, &err,
               "a report without a listener");
    filestore_buffer_destroy(report);
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
    test_report();
    test_accept_missing();
    test_schedule();
}
