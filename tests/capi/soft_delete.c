/* A deleted file comes back. */

#define _POSIX_C_SOURCE 200809L

#include <time.h>

#include "support.h"

static filestore_service* open_with_grace(const char* grace) {
    filestore_options* options = NULL;
    filestore_service* service = NULL;
    filestore_options_create(&options, NULL);
    filestore_options_set(options, "base_path", path_in_directory("soft_delete"), NULL);
    check_code(filestore_options_set(options, "soft_delete_grace", grace, &err), FILESTORE_OK, &err,
               "set soft_delete_grace");
    check_code(filestore_open(options, &service, &err), FILESTORE_OK, &err, "open a store with soft delete");
    filestore_options_destroy(options);
    return service;
}

static int deleted_page_holds(filestore_service* service, const char* text) {
    filestore_buffer* page = NULL;
    int holds = 0;
    check_code(filestore_deleted_files(service, NULL, 10, NULL, &page, &err), FILESTORE_OK, &err,
               "deleted files");
    holds = page != NULL && strstr(filestore_buffer_data(page), text) != NULL;
    filestore_buffer_destroy(page);
    return holds;
}

static void test_bad_deleted_files(filestore_service* service) {
    filestore_buffer* page = NULL;
    check_code(filestore_deleted_files(service, NULL, 0, NULL, &page, &err), FILESTORE_INVALID_ARGUMENT, &err,
               "a page of no deleted files");
    check_code(filestore_deleted_files(service, "x", 10, NULL, &page, &err), FILESTORE_INVALID_ARGUMENT, &err,
               "a cursor of deleted files that is none");
    check(page == NULL, "no page after a failure");
}

void test_soft_delete(void) {
    char id[FILESTORE_ID_SIZE];
    int32_t answer = 7;
    uint64_t removed = 7;
    uint64_t failed = 7;
    uint64_t purged = 7;
    filestore_service* service = open_with_grace("1h");
    store_text(service, TEXT, id);
    check_code(filestore_delete(service, id, NULL, &answer, &err), FILESTORE_OK, &err, "soft delete");
    check(answer == 1 && stored_count(service) == 0, "the file is gone");
    check_code(filestore_exists(service, id, NULL, &answer, &err), FILESTORE_OK, &err,
               "exists of a deleted file");
    check(answer == 0, "a deleted file does not exist");
    check(deleted_page_holds(service, id), "the page has the deleted file");
    check_code(filestore_undelete(service, id, NULL, &answer, &err), FILESTORE_OK, &err, "undelete");
    check(answer == 1 && stored_count(service) == 1, "the file is back");
    check_code(filestore_undelete(service, id, NULL, &answer, &err), FILESTORE_OK, &err, "undelete again");
    check(answer == 0, "there is nothing to undelete");
    check_code(filestore_undelete(service, id, NULL, NULL, &err), FILESTORE_OK, &err,
               "undelete without answer");
    check_code(filestore_undelete(service, UNKNOWN_ID, NULL, &answer, &err), FILESTORE_NOT_FOUND, &err,
               "undelete of an unknown id");
    check(deleted_page_holds(service, "\"files\":[],\"next\":null"), "no file is deleted");
    test_bad_deleted_files(service);
    filestore_close(service);

    service = open_with_grace("1s");
    check_code(filestore_delete(service, id, NULL, &answer, &err), FILESTORE_OK, &err,
               "soft delete for a second");
    do {
        const struct timespec pause = {0, 100000000};
        nanosleep(&pause, NULL);
    } while (deleted_page_holds(service, id));
    check_code(filestore_undelete(service, id, NULL, &answer, &err), FILESTORE_NOT_FOUND, &err,
               "undelete after the grace");
    check_code(filestore_cleanup(service, 36500, 0, NULL, &removed, &failed, &purged, &err), FILESTORE_OK,
               &err, "cleanup after the grace");
    check(removed == 0 && failed == 0 && purged == 1, "a purge is no removal");
    filestore_close(service);
}
