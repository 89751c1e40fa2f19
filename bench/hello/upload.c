/* Uploads "hello" to S3 by the C library. usage: upload ENDPOINT BUCKET */
#include <filestore.h>
#include <stdio.h>

static int32_t upload(char** words, filestore_options* options, filestore_error** error) {
    filestore_backend* backend = NULL;
    char id[FILESTORE_ID_SIZE];
    int32_t code = filestore_options_set(options, "backend", "s3", error);
    if (code == FILESTORE_OK) {
        code = filestore_options_set(options, "endpoint", words[1], error);
    }
    if (code == FILESTORE_OK) {
        code = filestore_options_set(options, "bucket_name", words[2], error);
    }
    if (code == FILESTORE_OK) {
        code = filestore_backend_open(options, &backend, error);
    }
    if (code == FILESTORE_OK) {
        code = filestore_generate_id(id, error);
    }
    if (code == FILESTORE_OK) {
        code = filestore_backend_upload_buffer(backend, id, "hello", 5, NULL, error);
    }
    filestore_backend_close(backend);
    return code;
}

int main(int count, char** words) {
    filestore_options* options = NULL;
    filestore_error* error = NULL;
    int32_t code = FILESTORE_INVALID_ARGUMENT;
    if (count == 3) {
        code = filestore_options_create(&options, &error);
    }
    if (code == FILESTORE_OK) {
        code = upload(words, options, &error);
    }
    if (code != FILESTORE_OK) {
        fprintf(stderr, "%s\n",
                count == 3 ? filestore_error_message(error) : "usage: upload ENDPOINT BUCKET");
    }
    filestore_error_destroy(error);
    filestore_options_destroy(options);
    return code == FILESTORE_OK ? 0 : 1;
}
