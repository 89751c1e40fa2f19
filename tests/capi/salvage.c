/* A damaged catalogue is salvaged. */

#include "support.h"

#define PAGE_SIZE 4096

static filestore_options* salvage_options(const char* catalogue) {
    filestore_options* options = NULL;
    filestore_options_create(&options, NULL);
    filestore_options_set(options, "base_path", path_in_directory("salvaged"), NULL);
    filestore_options_set(options, "catalogue_path", path_in_directory(catalogue), NULL);
    return options;
}

static filestore_service* open_with(const filestore_options* options) {
    filestore_service* service = NULL;
    check_code(filestore_open(options, &service, &err), FILESTORE_OK, &err, "open a store to salvage");
    return service;
}

static void check_salvaged(const filestore_options* options, const char* part, const char* what) {
    filestore_buffer* report = NULL;
    check_code(filestore_salvage_catalogue(options, NULL, NULL, &report, &err), FILESTORE_OK, &err, what);
    check(report != NULL && strstr(filestore_buffer_data(report), part) != NULL, what);
    filestore_buffer_destroy(report);
}

static int page_has(const char* page, const char* text) {
    const size_t length = strlen(text);
    for (size_t i = 0; i + length <= PAGE_SIZE; ++i) {
        if (memcmp(page + i, text, length) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Overwrites the first page, which says where everything is, or those of tables (SQLite marks them by 13) that have a text. */
static void spoil(const char* name, const char* text) {
    char page[PAGE_SIZE];
    FILE* file = fopen(path_in_directory(name), "r+b");
    check(file != NULL, "a catalogue to damage");
    for (long number = 0; fread(page, 1, PAGE_SIZE, file) == PAGE_SIZE; ++number) {
        if (text == NULL ? number == 0 : number > 0 && page[0] == 13 && page_has(page, text)) {
            memset(page, 0xa7, PAGE_SIZE);
            fseek(file, number * PAGE_SIZE, SEEK_SET);
            fwrite(page, 1, PAGE_SIZE, file);
            fseek(file, (number + 1) * PAGE_SIZE, SEEK_SET);
        }
    }
    check(fclose(file) == 0, "a damaged catalogue");
}

static int32_t note_row(void* context, const char* table, const char* file_id) {
    char* noted = context;
    snprintf(noted, 128, "%s %s", table, file_id);
    return 7;
}

static void check_refusals(const filestore_options* options) {
    filestore_buffer* report = NULL;
    filestore_options* nowhere = salvage_options("no-catalogue.sqlite");
    check_code(filestore_salvage_catalogue(nowhere, NULL, NULL, &report, &err), FILESTORE_NOT_FOUND, &err,
               "salvage of no catalogue");
    check(report == NULL, "no report after a failure");
    check_code(filestore_salvage_catalogue(options, NULL, NULL, NULL, &err), FILESTORE_INVALID_ARGUMENT, &err,
               "salvage without a report");
    filestore_options_destroy(nowhere);
}

void test_salvage(void) {
    char id[FILESTORE_ID_SIZE];
    filestore_buffer* json = NULL;
    filestore_options* options = salvage_options("salvaged.sqlite");
    filestore_service* service = open_with(options);
    store_text(service, TEXT, id);
    check_code(filestore_salvage_catalogue(options, NULL, NULL, &json, &err), FILESTORE_UNAVAILABLE, &err,
               "salvage of a catalogue that is open");
    filestore_close(service);

    check_refusals(options);
    check_salvaged(options, "{\"was_damaged\":false", "a whole catalogue stays as it is");
    spoil("salvaged.sqlite", NULL);
    check_salvaged(
        options, "{\"was_damaged\":true,\"file_uploads\":{\"salvaged\":1,\"unreadable\":0,\"has_gap\":false}",
        "a damaged catalogue is salvaged");
    service = open_with(options);
    check_code(filestore_history(service, id, NULL, &json, &err), FILESTORE_OK, &err,
               "history after salvage");
    filestore_buffer_destroy(json);
    filestore_close(service);

    char noted[128] = "";
    spoil("salvaged.sqlite", id);
    check_code(filestore_salvage_catalogue(options, note_row, noted, &json, &err), FILESTORE_SINK_FAILED,
               &err, "salvage that its listener ends");
    check(strstr(noted, "file_uploads ") == noted && strstr(noted, id) != NULL, "what is lost is told");
    check_salvaged(options, "{\"was_damaged\":true,\"file_uploads\":{\"salvaged\":0,\"unreadable\":1,",
                   "a lost row is counted");
    filestore_options_destroy(options);
}
