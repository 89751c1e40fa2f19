/* Verify: what is told of a sound store and of a damaged one. */

#include "support.h"

struct Findings {
    char id[FILESTORE_ID_SIZE];
    char damage[32];
    int count;
    int quarantined;
    int32_t fail_with;
};

static int32_t note_finding(void* context, const char* id, const char* damage, const char* what,
                            int32_t quarantined) {
    struct Findings* findings = context;
    snprintf(findings->id, sizeof findings->id, "%s", id);
    snprintf(findings->damage, sizeof findings->damage, "%s", damage);
    check(what[0] != '\0', "a finding says what is wrong");
    findings->quarantined += quarantined;
    ++findings->count;
    return findings->fail_with;
}

static void see_files(void* context, uint64_t files_done, uint64_t files_total, uint64_t bytes_done) {
    uint64_t* seen = context;
    check(files_total == FILESTORE_UNKNOWN_SIZE || files_done <= files_total, "no more files than there are");
    seen[0] = files_done;
    seen[1] = bytes_done;
}

/* Runs with the options and checks that the report has a part. */
static void check_report(filestore_service* service, const filestore_verify_options* options,
                         const char* part, const char* what) {
    filestore_buffer* report = NULL;
    check_code(filestore_verify(service, options, &report, &err), FILESTORE_OK, &err, what);
    check(strstr(filestore_buffer_data(report), part) != NULL, what);
    filestore_buffer_destroy(report);
}

static void check_ended_runs(filestore_service* service, filestore_verify_options* options) {
    filestore_buffer* report = NULL;
    filestore_cancel* cancel = NULL;
    check_code(filestore_verify_options_set_parallel(options, 65, &err), FILESTORE_OK, &err, "set_parallel");
    check_code(filestore_verify(service, options, &report, &err), FILESTORE_INVALID_ARGUMENT, &err,
               "a run with too many files at a time");
    filestore_verify_options_set_parallel(options, 1, NULL);
    check_code(filestore_verify_options_set_timeout_ms(options, 3600000, &err), FILESTORE_OK, &err,
               "set_timeout_ms of a run");
    filestore_cancel_create(&cancel, NULL);
    check_code(filestore_verify_options_set_cancel(options, cancel, &err), FILESTORE_OK, &err,
               "set_cancel of a run");
    filestore_cancel_request(cancel);
    check_code(filestore_verify(service, options, &report, &err), FILESTORE_CANCELLED, &err,
               "a run that was cancelled before");
    check(report == NULL, "no report after a failure");
    filestore_verify_options_set_cancel(options, NULL, NULL);
    filestore_cancel_destroy(cancel);
}

void test_verify(void) {
    filestore_service* service = open_store("verified");
    filestore_verify_options* options = NULL;
    filestore_buffer* report = NULL;
    struct Findings findings = {"", "", 0, 0, 0};
    uint64_t seen[2] = {0, 0};
    char id[FILESTORE_ID_SIZE];
    char name[PATH_CAPACITY];
    store_text(service, TEXT, id);
    check_report(service, NULL, "\"files\":1", "verify of a sound store");

    check_code(filestore_verify_options_create(&options, &err), FILESTORE_OK, &err, "verify_options_create");
    check_code(filestore_verify_options_set_finding(options, note_finding, &findings, &err), FILESTORE_OK,
               &err, "set_finding");
    check_code(filestore_verify_options_set_progress(options, see_files, seen, &err), FILESTORE_OK, &err,
               "set_progress of a run");
    check_ended_runs(service, options);
    check_report(service, options, "\"corrupt\":0", "verify with options");
    check(findings.count == 0 && seen[0] == 1 && seen[1] == TEXT_SIZE, "a run tells its progress");

    snprintf(name, sizeof name, "verified/%s", id);
    write_file(name, "HELLO from C");
    check_report(service, options, "\"corrupt\":1", "verify of a damaged store");
    check(findings.count == 1, "a damaged file is told once");
    check_text(findings.id, id, "the damaged file is named");
    check_text(findings.damage, "corrupt", "its damage is named");

    findings.fail_with = 42;
    check(filestore_verify(service, options, &report, &err) == FILESTORE_SINK_FAILED,
          "a listener can end the run");
    check(filestore_error_caller_code(err) == 42, "the listener's number comes back");
    filestore_error_destroy(err);
    err = NULL;
    findings.fail_with = 0;

    check_code(filestore_verify_options_set_repair(options, 1, &err), FILESTORE_OK, &err, "set_repair");
    check_code(filestore_verify_options_set_resume(options, 1, &err), FILESTORE_OK, &err, "set_resume");
    check_report(service, options, "\"corrupt\":1", "verify that repairs");
    check(findings.quarantined == 1 && file_is_missing(name), "the damaged file is in the quarantine");
    check_report(service, options, "\"in_quarantine\":1", "verify after a repair");
    filestore_verify_options_destroy(options);
    filestore_close(service);
}

static void count_moves(void* context, uint64_t files_done, uint64_t files_total) {
    uint64_t* moved = context;
    check(files_done <= 2 && files_total <= 2, "no more files than there are");
    *moved = files_done;
}

static void test_converting(const filestore_options* options, filestore_service* service, const char* id) {
    const int32_t invalid = FILESTORE_INVALID_ARGUMENT;
    uint64_t files = 7;
    uint64_t moved = 7;
    char name[PATH_CAPACITY];
    filestore_options* remote = NULL;
    check_code(filestore_convert_store(options, "flat", NULL, NULL, NULL, &files, &err), FILESTORE_CONFLICT,
               &err, "a store that is open cannot be converted");
    check(files == 0, "no file was moved");
    filestore_close(service);
    check_code(filestore_convert_store(options, "flat", count_moves, &moved, NULL, &files, &err),
               FILESTORE_OK, &err, "convert_store");
    snprintf(name, sizeof name, "sharded/%s", id);
    check(files == 1 && moved == 1 && file_holds(name, TEXT), "the file is in its new place");
    check_code(filestore_convert_store(options, "flat", NULL, NULL, NULL, NULL, &err), FILESTORE_OK, &err,
               "convert a store that has the layout");
    check_code(filestore_convert_store(options, "round", NULL, NULL, NULL, &files, &err), invalid, &err,
               "no such layout");
    check_code(filestore_convert_store(options, NULL, NULL, NULL, NULL, &files, &err), invalid, &err,
               "no layout");
    filestore_options_create(&remote, NULL);
    filestore_options_set(remote, "backend", "s3", NULL);
    check_code(filestore_convert_store(remote, "flat", NULL, NULL, NULL, &files, &err), invalid, &err,
               "only local stores have a layout");
    filestore_options_destroy(remote);
}

void test_layouts(void) {
    filestore_options* options = NULL;
    filestore_service* service = NULL;
    char id[FILESTORE_ID_SIZE];
    char name[PATH_CAPACITY];
    filestore_options_create(&options, NULL);
    filestore_options_set(options, "base_path", path_in_directory("sharded"), NULL);
    check_code(filestore_options_set(options, "layout", "sharded", &err), FILESTORE_OK, &err, "layout");
    check_code(filestore_open(options, &service, &err), FILESTORE_OK, &err, "a sharded store");
    store_text(service, TEXT, id);
    snprintf(name, sizeof name, "sharded/%.2s/%s", id, id);
    check(file_holds(name, TEXT), "a file of a sharded store is in its directory");
    check_report(service, NULL, "\"files\":1", "verify of a sharded store");
    test_converting(options, service, id);
    check_code(filestore_open(options, &service, &err), FILESTORE_CONFIGURATION, &err,
               "a store that has another layout");
    filestore_options_destroy(options);
}
