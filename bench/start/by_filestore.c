/* Asks an S3 store whether it has a file, and prints the time of the answer: by_filestore ENDPOINT BUCKET ID. Keys come from the environment. */
#define _POSIX_C_SOURCE 200809L

#include <filestore.h>
#include <stdio.h>
#include <time.h>

static int32_t ask(char** words, filestore_options* options, filestore_error** error) {
    filestore_backend* backend = NULL;
    int32_t there = 1;
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
        code = filestore_backend_exists(backend, words[3], NULL, &there, error);
    }
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (code == FILESTORE_OK) {
        printf("%lld.%09ld %d\n", (long long)now.tv_sec, now.tv_nsec, there);
    }
    filestore_backend_close(backend);
    return code;
}

int main(int count, char** words) {
    filestore_options* options = NULL;
    filestore_error* error = NULL;
    int32_t code = FILESTORE_INVALID_ARGUMENT;
    if (count == 4) {
        code = filestore_options_create(&options, &error);
    }
    if (code == FILESTORE_OK) {
        code = ask(words, options, &error);
    }
    if (code != FILESTORE_OK) {
        fprintf(stderr, "%s\n",
                count == 4 ? filestore_error_message(error) : "usage: by_filestore ENDPOINT BUCKET ID");
    }
    filestore_error_destroy(error);
    filestore_options_destroy(options);
    return code == FILESTORE_OK ? 0 : 1;
}
