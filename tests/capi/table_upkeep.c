/* Backends of the program's own: what they do with many files, or with the whole store. */

#include <stddef.h>

#include "memory_backend.h"
#include "support.h"

static filestore_backend* open_table(const filestore_backend_table* table, struct MemoryStore* store) {
    filestore_backend* backend = NULL;
    check_code(filestore_backend_create(table, store, NULL, &backend, &err), FILESTORE_OK, &err,
               "a table with more functions");
    return backend;
}

static void test_batches_of_table(filestore_backend* backend, struct MemoryStore* store) {
    char id[FILESTORE_ID_SIZE];
    int32_t exists = 7;
    test_batches(backend);
    check(store->requests.batches == 2, "batches go to the function that takes them");
    filestore_generate_id(id, NULL);
    filestore_backend_upload_buffer(backend, id, TEXT, TEXT_SIZE, NULL, NULL);
    check_code(filestore_backend_discard(backend, id, NULL, &err), FILESTORE_OK, &err, "discard by a table");
    filestore_backend_exists(backend, id, NULL, &exists, NULL);
    check(exists == 0 && store->requests.discards == 1, "so do discards");
}

static void test_sweeps_of_table(filestore_backend* backend, struct MemoryStore* store) {
    filestore_call_options* options = NULL;
    filestore_buffer* json = NULL;
    filestore_call_options_create(&options, NULL);
    filestore_call_options_set_uploads_older_than(options, 60, NULL);
    check_code(filestore_backend_sweep_uploads(backend, 1, options, &json, &err), FILESTORE_OK, &err,
               "sweep by a table");
    check_part(json, "[\"" UNKNOWN_ID "\"]", "what the table tells of");
    check(store->requests.sweeps == 1 && store->requests.dry_run == 1 && store->requests.older_than == 60 &&
              store->requests.swept_files == 0,
          "a sweep says what is asked for");
    filestore_call_options_destroy(options);
    check_code(filestore_backend_kept_versions(backend, NULL, &json, &err), FILESTORE_OK, &err,
               "kept versions by a table");
    check_part(json, "{\"versions\":1,\"bytes\":2,\"orphan_markers\":3}", "the numbers of the table");
    check(filestore_backend_can(backend, "leaves_uploads") == 1 &&
              filestore_backend_can(backend, "may_store_late") == 1,
          "a table that sweeps leaves uploads");
}

static int32_t count_finding(void* context, const char* id, const char* damage, const char* what,
                             int32_t quarantined) {
    int32_t* counts = context;
    check(id[0] != '\0' && what[0] != '\0', "a finding of a table");
    counts[strcmp(damage, "missing") == 0] += 1;
    counts[2] += quarantined;
    return counts[3];
}

static void see_progress(void* context, uint64_t files_done, uint64_t files_total, uint64_t bytes_done) {
    uint64_t* seen = context;
    seen[0] = files_done;
    seen[1] = files_total;
    seen[2] = bytes_done;
}

static void check_verified(filestore_service* service, const filestore_verify_options* options,
                           const char* part, const char* what) {
    filestore_buffer* report = NULL;
    check_code(filestore_verify(service, options, &report, &err), FILESTORE_OK, &err, what);
    check_part(report, part, what);
}

static void test_ended_runs_of_table(filestore_service* service, struct MemoryStore* store,
                                     filestore_verify_options* options, int32_t* counts) {
    filestore_buffer* report = NULL;
    counts[3] = 42;
    int32_t code = filestore_verify(service, options, &report, &err);
    check(filestore_error_caller_code(err) == 42 && report == NULL, "the listener's number comes back");
    check_code(code, FILESTORE_SINK_FAILED, &err, "a listener ends the run of a table");
    counts[3] = 0;
    store->failure = "the drive is gone";
    store->fail_with = FILESTORE_UNAVAILABLE;
    code = filestore_verify(service, options, &report, &err);
    check_text(filestore_error_message(err), "the drive is gone", "a run that fails in its own words");
    check_code(code, FILESTORE_UNAVAILABLE, &err, "a run of a table that fails");
}

static void test_verify_of_table(filestore_backend* backend, struct MemoryStore* store) {
    char sound[FILESTORE_ID_SIZE];
    char damaged[FILESTORE_ID_SIZE];
    char missing[FILESTORE_ID_SIZE];
    int32_t counts[4] = {0, 0, 0, 0};
    int32_t removed = 0;
    uint64_t seen[3] = {0, 0, 0};
    filestore_options* options = NULL;
    filestore_service* service = NULL;
    filestore_verify_options* verify = NULL;
    filestore_options_create(&options, NULL);
    filestore_options_set(options, "catalogue_path", path_in_directory("verified_table.sqlite"), NULL);
    filestore_options_set(options, "audit_url", "off", NULL);
    check_code(filestore_open_on(backend, options, &service, &err), FILESTORE_OK, &err, "open_on");
    filestore_options_destroy(options);
    store_text(service, TEXT, sound);
    store_text(service, TEXT, missing);
    check_verified(service, NULL, "\"files\":2,\"bytes\":24,\"unchecked\":3", "a sound store of a table");
    store_text(service, "damaged", damaged);
    remove_memory_file(store, missing, "", &removed);

    filestore_verify_options_create(&verify, NULL);
    filestore_verify_options_set_finding(verify, count_finding, counts, NULL);
    filestore_verify_options_set_progress(verify, see_progress, seen, NULL);
    filestore_verify_options_set_repair(verify, 1, NULL);
    filestore_verify_options_set_resume(verify, 1, NULL);
    filestore_verify_options_set_parallel(verify, 9, NULL);
    check_verified(service, verify, "\"corrupt\":1,\"missing\":1", "findings are counted");
    check(counts[0] == 1 && counts[1] == 1 && counts[2] == 1, "findings are told");
    check(seen[0] >= 1 && seen[1] == 2 && seen[2] >= 7, "progress of a table is told");
    check(store->requests.repair == 1 && store->requests.resume == 1 && store->requests.parallel == 9,
          "a run says what is asked for");
    check_verified(service, NULL, "\"in_quarantine\":4", "the other numbers of a table");
    check_verified(service, NULL, "\"under_way\":5", "the other numbers of a table");
    test_ended_runs_of_table(service, store, verify, counts);
    filestore_verify_options_destroy(verify);
    filestore_close(service);
}

/* Answers that the library refuses, in the place of a batch; nothing is told of the second file. */
static int32_t remove_wrongly(void* context, filestore_backend_call* call) {
    const int32_t invalid = FILESTORE_INVALID_ARGUMENT;
    char id[FILESTORE_ID_SIZE];
    int32_t recorded = 7;
    (void)context;
    check(filestore_backend_call_set_outcome(call, 2, FILESTORE_OK, 1, 0, NULL, NULL) == invalid,
          "the outcome of no file");
    check(filestore_backend_call_set_outcome(call, 0, FILESTORE_OK, 1, 0, "\xFF", NULL) == invalid,
          "an outcome whose words are not UTF-8");
    check(filestore_backend_call_next_recorded(call, NULL, id, NULL) == invalid &&
              filestore_backend_call_is_recorded(call, UNKNOWN_ID, &recorded, NULL) == invalid &&
              recorded == 0 && filestore_backend_call_set_verified(call, 1, 1, 0, 0, 0, NULL) == invalid &&
              filestore_backend_call_add_finding(call, UNKNOWN_ID, "corrupt", "x", 0, NULL) == invalid,
          "a batch verifies nothing");
    filestore_backend_call_tell_progress(call, 1, 1, 1);
    check_text(filestore_backend_call_id_at(call, 2), "", "an ID past the last");
    check_text(filestore_backend_call_if_version_at(call, 0), "", "a version that is not asked for");
    return filestore_backend_call_set_outcome(call, 0, 4711, 0, 1, "the tape is stuck", NULL);
}

static int32_t verify_wrongly(void* context, filestore_backend_call* call) {
    const int32_t invalid = FILESTORE_INVALID_ARGUMENT;
    char id[FILESTORE_ID_SIZE] = "unchanged";
    int32_t recorded = 7;
    (void)context;
    check(filestore_backend_call_add_finding(call, "x", "corrupt", "y", 0, NULL) == invalid &&
              filestore_backend_call_add_finding(call, UNKNOWN_ID, "odd", "y", 0, NULL) == invalid &&
              filestore_backend_call_add_finding(call, UNKNOWN_ID, "corrupt", "\xFF", 0, NULL) == invalid,
          "findings that are none");
    check(filestore_backend_call_next_recorded(call, "x", id, NULL) == invalid && id[0] == '\0',
          "what is behind a malformed ID");
    check(filestore_backend_call_next_recorded(call, NULL, id, NULL) == FILESTORE_OK && id[0] == '\0' &&
              filestore_backend_call_is_recorded(call, UNKNOWN_ID, &recorded, NULL) == FILESTORE_OK &&
              recorded == 0,
          "without a service nothing is recorded");
    return FILESTORE_OK;
}

static void test_wrong_answers_of_table(void) {
    const char* ids[] = {UNKNOWN_ID, "10000000-0000-4000-8000-000000000000"};
    filestore_buffer* json = NULL;
    filestore_backend_table table;
    memset(&table, 0, sizeof table);
    table.struct_size = sizeof table;
    table.remove_batch = remove_wrongly;
    table.verify = verify_wrongly;
    filestore_backend* backend = open_table(&table, NULL);
    check_code(filestore_backend_delete_batch(backend, ids, NULL, 2, NULL, &json, &err), FILESTORE_OK, &err,
               "a batch with wrong answers");
    check(strstr(filestore_buffer_data(json),
                 "\"keeps_version\":true,\"code\":\"internal\",\"message\":"
                 "\"the tape is stuck\"") != NULL,
          "one file fails in the table's words");
    check_part(json, "did not tell of this file", "a file that nothing is told of");
    check_code(filestore_backend_verify(backend, NULL, &json, &err), FILESTORE_OK, &err,
               "a run with wrong answers");
    check_part(json, "\"corrupt\":0", "what is refused is not counted");
    filestore_backend_close(backend);
}

static void test_older_tables_of_upkeep(void) {
    struct MemoryStore store;
    filestore_buffer* json = NULL;
    filestore_backend_table table = memory_upkeep_table();
    make_memory_store(&store);
    table.struct_size = offsetof(filestore_backend_table, remove_batch);
    filestore_backend* backend = open_table(&table, &store);
    test_batches(backend);
    filestore_backend_discard(backend, UNKNOWN_ID, NULL, NULL);
    check(store.requests.batches == 0 && store.requests.discards == 0,
          "of an older table nothing is called that it is too short to have");
    check_code(filestore_backend_verify(backend, NULL, &json, &err), FILESTORE_UNSUPPORTED, &err,
               "an older table verifies nothing");
    check_code(filestore_backend_sweep_uploads(backend, 0, NULL, &json, &err), FILESTORE_OK, &err,
               "an older table has no uploads to sweep");
    check_part(json, "[]", "none is told of");
    check(filestore_backend_can(backend, "leaves_uploads") == 0, "and leaves none");
    filestore_backend_close(backend);
    check(wait_for_ends(&store, 1), "the backend ends");
    end_memory_store(&store);
}

static void test_numbers_of_no_call(void) {
    const int32_t invalid = FILESTORE_INVALID_ARGUMENT;
    char id[FILESTORE_ID_SIZE];
    int32_t recorded = 7;
    check(filestore_backend_call_id_count(NULL) == 0 && filestore_backend_call_older_than(NULL) == 0 &&
              filestore_backend_call_dry_run(NULL) == 0 && filestore_backend_call_repair(NULL) == 0 &&
              filestore_backend_call_resume(NULL) == 0 && filestore_backend_call_parallel(NULL) == 0 &&
              filestore_backend_call_exact_expiry(NULL) == 0,
          "numbers of no call");
    check_text(filestore_backend_call_id_at(NULL, 0), "", "an ID of no call");
    check_text(filestore_backend_call_if_version_at(NULL, 0), "", "a version of no call");
    check_text(filestore_backend_call_answer_disposition(NULL), "", "a header of no call");
    check_text(filestore_backend_call_answer_type(NULL), "", "a header of no call");
    check_code(filestore_backend_call_next_recorded(NULL, NULL, id, &err), invalid, &err, "no call");
    check_code(filestore_backend_call_is_recorded(NULL, UNKNOWN_ID, &recorded, &err), invalid, &err,
               "no call");
    check_code(filestore_backend_call_set_outcome(NULL, 0, 0, 1, 0, NULL, &err), invalid, &err, "no call");
    check_code(filestore_backend_call_add_id(NULL, UNKNOWN_ID, &err), invalid, &err, "no call");
    check_code(filestore_backend_call_set_kept(NULL, 0, 0, 0, &err), invalid, &err, "no call");
    check_code(filestore_backend_call_add_finding(NULL, UNKNOWN_ID, "corrupt", "x", 0, &err), invalid, &err,
               "no call");
    check_code(filestore_backend_call_set_verified(NULL, 0, 0, 0, 0, 0, &err), invalid, &err, "no call");
    filestore_backend_call_tell_progress(NULL, 0, 0, 0);
}

void test_table_upkeep(void) {
    struct MemoryStore store;
    const filestore_backend_table table = memory_upkeep_table();
    make_memory_store(&store);
    filestore_backend* backend = open_table(&table, &store);
    test_batches_of_table(backend, &store);
    test_sweeps_of_table(backend, &store);
    test_verify_of_table(backend, &store);
    filestore_backend_close(backend);
    check(wait_for_ends(&store, 1), "the backend ends");
    end_memory_store(&store);
    test_wrong_answers_of_table();
    test_older_tables_of_upkeep();
    test_numbers_of_no_call();
}
