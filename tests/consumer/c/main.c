#include <filestore.h>
#include <stdio.h>
#include <string.h>

static int fail(filestore_error* error) {
    fprintf(stderr, "%s\n", filestore_error_message(error));
    filestore_error_destroy(error);
    return 1;
}

/* Stores a text in ./storage and reads it back. */
int main(void) {
    filestore_service* service;
    filestore_buffer* text;
    filestore_error* error;
    char id[FILESTORE_ID_SIZE];
    int same;

    if (filestore_open(NULL, &service, &error) != FILESTORE_OK ||
        filestore_upload_buffer(service, "hello", 5, NULL, id, &error) != FILESTORE_OK ||
        filestore_download_buffer(service, id, NULL, &text, &error) != FILESTORE_OK) {
        return fail(error);
    }
    same = filestore_buffer_size(text) == 5 && memcmp(filestore_buffer_data(text), "hello", 5) == 0;
    printf("%s %s\n", same ? "hello" : "other bytes", filestore_version());
    filestore_buffer_destroy(text);
    filestore_close(service);
    return same && strcmp(filestore_version(), FILESTORE_VERSION) == 0 ? 0 : 1;
}
