/* Sends a file by the C API and takes its copy back: copies STORE PROFILE BASE_URL KEY. Prints what each call answers, a line each. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filestore.h"

static filestore_error* err;

static void must(int32_t code, const char* what) {
    if (code != FILESTORE_OK) {
        fprintf(stderr, "%s: %s\n", what, filestore_error_message(err));
        exit(1);
    }
}

static void print(filestore_buffer* answer) {
    puts(filestore_buffer_data(answer));
    filestore_buffer_destroy(answer);
}

static int32_t give_key(void* context, const char* profile, const char* base_url, const char* key_variable,
                        char* key, size_t capacity, size_t* length) {
    (void)profile;
    (void)base_url;
    (void)key_variable;
    *length = strlen(context);
    if (*length > capacity) {
        return 1;
    }
    memcpy(key, context, *length);
    return 0;
}

static filestore_service* open_store(const char* path) {
    filestore_options* options = NULL;
    filestore_service* service = NULL;
    must(filestore_options_create(&options, &err), "options");
    must(filestore_options_set(options, "base_path", path, &err), "base_path");
    must(filestore_open(options, &service, &err), "open");
    filestore_options_destroy(options);
    return service;
}

static void store(filestore_service* service, char id[FILESTORE_ID_SIZE]) {
    filestore_upload_options* options = NULL;
    must(filestore_upload_options_create(&options, &err), "upload options");
    must(filestore_upload_options_set_path(options, "from c.txt", &err), "path");
    must(filestore_upload_options_set_content_type(options, "text/plain", &err), "content type");
    must(filestore_upload_buffer(service, "hello from C", 12, options, id, &err), "upload");
    filestore_upload_options_destroy(options);
}

static filestore_exporter* open_exporter(filestore_service* service, char* key) {
    filestore_exporter_options* options = NULL;
    filestore_exporter* exporter = NULL;
    must(filestore_exporter_options_create(&options, &err), "exporter options");
    must(filestore_exporter_options_set_key(options, give_key, key, &err), "key");
    must(filestore_exporter_open(service, options, &exporter, &err), "exporter");
    filestore_exporter_options_destroy(options);
    return exporter;
}

static void note_progress(void* context, uint64_t bytes_done, uint64_t bytes_total) {
    (void)bytes_total;
    *(uint64_t*)context = bytes_done;
}

static void send(filestore_exporter* exporter, const char* id, const char* profile, const char* base_url) {
    uint64_t sent = 0;
    filestore_send_options* options = NULL;
    filestore_buffer* copy = NULL;
    must(filestore_send_options_create(&options, &err), "send options");
    must(filestore_send_options_set_base_url(options, base_url, &err), "base_url");
    must(filestore_send_options_set_progress(options, note_progress, &sent, &err), "progress");
    must(filestore_send(exporter, id, profile, options, &copy, &err), "send");
    print(copy);
    printf("%" PRIu64 "\n", sent);
    must(filestore_send(exporter, id, profile, options, &copy, &err), "send again");
    print(copy);
    filestore_send_options_destroy(options);
}

int main(int argc, char** argv) {
    char id[FILESTORE_ID_SIZE];
    filestore_buffer* answer = NULL;
    if (argc != 5) {
        fputs("usage: copies STORE PROFILE BASE_URL KEY\n", stderr);
        return 2;
    }
    filestore_service* service = open_store(argv[1]);
    filestore_exporter* exporter = open_exporter(service, argv[4]);
    store(service, id);
    send(exporter, id, argv[2], argv[3]);
    must(filestore_copies(exporter, NULL, 0, 1000, NULL, &answer, &err), "copies");
    print(answer);
    must(filestore_delete(service, id, NULL, NULL, &err), "delete");
    must(filestore_settle(exporter, NULL, &answer, &err), "settle");
    print(answer);
    must(filestore_copies(exporter, id, 0, 1000, NULL, &answer, &err), "copies of a deleted file");
    print(answer);
    filestore_exporter_close(exporter);
    filestore_close(service);
    return 0;
}
