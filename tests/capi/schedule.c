/* Schedules, options from configuration, and who hears of scheduled cleanups. */

#include "support.h"

#define SECOND INT64_C(1000000)

static void test_next_times(void) {
    const int64_t midnight = INT64_C(1767225600) * SECOND; /* 2026-01-01T00:00:00Z */
    filestore_schedule* schedule = NULL;
    int64_t at = 7;
    check_code(filestore_schedule_create("0 2 * * *", NULL, &schedule, &err), FILESTORE_OK, &err,
               "schedule_create");
    check_code(filestore_schedule_next(schedule, midnight, &at, &err), FILESTORE_OK, &err, "schedule_next");
    check(at == midnight + 2 * 3600 * SECOND, "the next time");
    filestore_schedule_next(schedule, at, &at, NULL);
    check(at == midnight + 26 * 3600 * SECOND, "the time after that");
    filestore_schedule_destroy(schedule);
    check_code(filestore_schedule_create("0 2 * * *", "Asia/Tokyo", &schedule, &err), FILESTORE_OK, &err,
               "a schedule of another zone");
    filestore_schedule_next(schedule, midnight, &at, NULL);
    check(at == midnight + 17 * 3600 * SECOND, "the next time of another zone");
    check_code(filestore_schedule_next(schedule, INT64_C(253370764800) * SECOND, &at, &err),
               FILESTORE_NOT_FOUND, &err, "no time after the year 9999");
    check(at == 0, "no time of a failure");
    filestore_schedule_destroy(schedule);
}

static void test_wrong_schedules(void) {
    const int32_t invalid = FILESTORE_INVALID_ARGUMENT;
    filestore_schedule* schedule = NULL;
    int64_t at = 7;
    check_code(filestore_schedule_create("0 0 30 2 *", NULL, &schedule, &err), invalid, &err,
               "a day that never comes");
    check(schedule == NULL, "no schedule of a failure");
    check_code(filestore_schedule_create("* * * * *", "Mars/Base", &schedule, &err), invalid, &err,
               "a zone that is not known");
    check_code(filestore_schedule_create(NULL, NULL, &schedule, &err), invalid, &err, "no expression");
    check_code(filestore_schedule_create("* * * * *", NULL, NULL, &err), invalid, &err, "no output");
    check_code(filestore_schedule_next(NULL, 0, &at, &err), invalid, &err, "no schedule");
    filestore_schedule_destroy(NULL);
}

static void test_options_of_files(void) {
    const int32_t invalid = FILESTORE_INVALID_ARGUMENT;
    char yaml[PATH_CAPACITY + 256];
    char id[FILESTORE_ID_SIZE];
    filestore_options* options = NULL;
    filestore_service* service = NULL;
    filestore_options_create(&options, NULL);
    snprintf(yaml, sizeof yaml, "storage:\n  backend: local\n  local:\n    base_path: %s/loaded\n",
             directory);
    write_file("loaded.yaml", yaml);
    check_code(filestore_options_load(options, path_in_directory("loaded.yaml"), &err), FILESTORE_OK, &err,
               "options_load");
    check_code(filestore_options_set(options, "max_size", "5", &err), FILESTORE_OK, &err,
               "an option beside those of a file");
    check_code(filestore_open(options, &service, &err), FILESTORE_OK, &err, "open of loaded options");
    check(strstr(filestore_catalogue_path(service), "/loaded/") != NULL, "the store that the file names");
    check_code(filestore_upload_buffer(service, TEXT, TEXT_SIZE, NULL, id, &err), FILESTORE_REJECTED, &err,
               "the other option counts");
    filestore_close(service);
    check_code(filestore_options_parse(options, yaml, "a text", &err), FILESTORE_OK, &err, "options_parse");
    filestore_options_parse(options, "storage:\n  backnd: local\n", "a text", &err);
    check(strstr(filestore_error_message(err), "a text") != NULL, "a wrong text is named");
    check_code(filestore_error_code(err), FILESTORE_CONFIGURATION, &err, "a wrong text");
    check_code(filestore_options_load(options, path_in_directory("nothing.yaml"), &err),
               FILESTORE_CONFIGURATION, &err, "options_load of a missing file");
    check_code(filestore_options_load(NULL, "x", &err), invalid, &err, "options_load of nothing");
    check_code(filestore_options_load(options, NULL, &err), invalid, &err, "options_load without path");
    check_code(filestore_options_parse(options, NULL, "x", &err), invalid, &err,
               "options_parse without text");
    check_code(filestore_options_parse(NULL, "", "x", &err), invalid, &err, "options_parse of nothing");
    filestore_options_destroy(options);
}

static int32_t hear_file(void* context, const char* id, const char* outcome, const char* reason) {
    (void)context;
    (void)id;
    (void)outcome;
    (void)reason;
    return 0;
}

static void hear_run(void* context, const char* report, const filestore_error* error) {
    (void)context;
    (void)report;
    (void)error;
}

static void test_listeners(void) {
    filestore_options* options = NULL;
    filestore_options_create(&options, NULL);
    check_code(filestore_options_set_cleanup(options, hear_file, hear_run, NULL, &err), FILESTORE_OK, &err,
               "set_cleanup");
    check_code(filestore_options_set_cleanup(options, NULL, NULL, NULL, &err), FILESTORE_OK, &err,
               "set_cleanup to nobody");
    check_code(filestore_options_set_cleanup(NULL, NULL, NULL, NULL, &err), FILESTORE_INVALID_ARGUMENT, &err,
               "set_cleanup of no options");
    filestore_options_destroy(options);
}

void test_schedules(void) {
    test_next_times();
    test_wrong_schedules();
    test_options_of_files();
    test_listeners();
}
