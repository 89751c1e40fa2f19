/* What a library answers that was built without parts of it: what they are for is FILESTORE_UNSUPPORTED, and all else works. usage: parts_test DIRECTORY [PART...], where
   DIRECTORY exists and is empty, and each PART (S3, SQLITE, YAML, MAGIC) was left out. */

#include "support.h"

static int parts_out;
static char** part_names;

static int is_left_out(const char* part) {
    for (int i = 0; i < parts_out; ++i) {
        if (strcmp(part_names[i], part) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Of a call for which the part is needed; `there` is its code where the part is there. */
static void check_needs(const char* part, int32_t code, int32_t there, const char* what) {
    char option[64];
    snprintf(option, sizeof option, "FILESTORE_WITH_%s", part);
    if (is_left_out(part)) {
        check(strstr(filestore_error_message(err), option) != NULL, "the message names the option");
    }
    check_code(code, is_left_out(part) ? FILESTORE_UNSUPPORTED : there, &err, what);
}

/* On a store in the directory. */
static int32_t open_with(const char* name, const char* value) {
    filestore_options* options = NULL;
    filestore_service* service = NULL;
    filestore_options_create(&options, NULL);
    check_code(filestore_options_set(options, name, value, &err), FILESTORE_OK, &err, name);
    filestore_options_set(options, "base_path", path_in_directory(name), NULL);
    const int32_t code = filestore_open(options, &service, &err);
    filestore_options_destroy(options);
    filestore_close(service);
    return code;
}

static void test_files(void) {
    char id[FILESTORE_ID_SIZE];
    int32_t answer = 0;
    uint64_t removed = 1;
    uint64_t failed = 1;
    uint64_t purged = 1;
    filestore_buffer* bytes = NULL;
    filestore_service* service = open_store("store");
    check_code(filestore_upload_buffer(service, TEXT, TEXT_SIZE, NULL, id, &err), FILESTORE_OK, &err,
               "upload");
    check_code(filestore_download_buffer(service, id, NULL, &bytes, &err), FILESTORE_OK, &err, "download");
    check(buffer_holds(bytes, TEXT, TEXT_SIZE), "what was stored comes back");
    filestore_buffer_destroy(bytes);
    check(stored_count(service) == 1, "one file is listed");
    check_code(filestore_cleanup(service, 1, 0, NULL, &removed, &failed, &purged, &err), FILESTORE_OK, &err,
               "cleanup");
    check(removed + failed + purged == 0, "nothing is old");
    check_code(filestore_delete(service, id, NULL, &answer, &err), FILESTORE_OK, &err, "delete");
    check(answer == 1 && stored_count(service) == 0, "the file is gone");
    filestore_close(service);
}

static void test_s3(void) {
    check_needs("S3", open_with("backend", "s3"), FILESTORE_INVALID_ARGUMENT,
                "a store in S3 without a bucket");
}

static void test_catalogue(void) {
    char id[FILESTORE_ID_SIZE];
    filestore_buffer* json = NULL;
    filestore_exporter* exporter = NULL;
    filestore_options* options = NULL;
    const int has_none = is_left_out("SQLITE");
    filestore_service* service = open_store("recorded");
    check((filestore_catalogue_path(service)[0] == '\0') == has_none, "the path of the catalogue");
    store_text(service, TEXT, id);
    check_code(filestore_history(service, id, NULL, &json, &err),
               has_none ? FILESTORE_NOT_FOUND : FILESTORE_OK, &err, "history");
    filestore_buffer_destroy(json);
    check_needs("SQLITE", filestore_reconcile(service, 0, NULL, NULL, NULL, &json, &err), FILESTORE_OK,
                "reconcile");
    filestore_buffer_destroy(json);
    check_needs("SQLITE", filestore_exporter_open(service, NULL, &exporter, &err), FILESTORE_OK,
                "an exporter");
    filestore_exporter_close(exporter);
    filestore_close(service);
    check_needs("SQLITE", open_with("catalogue_path", path_in_directory("own.sqlite")), FILESTORE_OK,
                "a catalogue that is named");
    check_needs("SQLITE", open_with("soft_delete_grace", "1d"), FILESTORE_OK, "soft delete");
    filestore_options_create(&options, NULL);
    filestore_options_set(options, "catalogue_path", path_in_directory("nothing.sqlite"), NULL);
    check_needs("SQLITE", filestore_salvage_catalogue(options, NULL, NULL, &json, &err), FILESTORE_NOT_FOUND,
                "salvage of no catalogue");
    filestore_options_set(options, "base_path", path_in_directory("told"), NULL);
    filestore_options_set(options, "audit_url", "http://127.0.0.1:9", NULL);
    filestore_options_set(options, "audit_key", "key", NULL);
    filestore_options_set(options, "catalogue_path", "", NULL);
    service = NULL;
    check_needs("SQLITE", filestore_open(options, &service, &err), FILESTORE_OK, "an audit server");
    filestore_close(service);
    filestore_options_destroy(options);
}

static void test_yaml(void) {
    char yaml[PATH_CAPACITY + 256];
    filestore_service* service = NULL;
    snprintf(yaml, sizeof yaml, "storage:\n  local:\n    base_path: %s/configured\n", directory);
    write_file("storage.yaml", yaml);
    check_needs("YAML", filestore_open_config(path_in_directory("storage.yaml"), &service, &err),
                FILESTORE_OK, "a configuration file");
    filestore_close(service);
}

static void test_magic(void) {
    check_needs("MAGIC", open_with("allowed_types", "image/png"), FILESTORE_OK, "rules on types");
}

int main(int argc, char** argv) {
    if (argc < 2) {
        fprintf(stderr, "usage: %s DIRECTORY [PART...]\n", argv[0]);
        return 2;
    }
    snprintf(directory, sizeof directory, "%s", argv[1]);
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    parts_out = argc - 2;
    part_names = argv + 2;
    test_files();
    test_s3();
    test_catalogue();
    test_yaml();
    test_magic();
    return finish_checks();
}
