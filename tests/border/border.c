#define _XOPEN_SOURCE 700

#include "border.h"

#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void require(int holds, const char* what) {
    if (!holds) {
        fprintf(stderr, "does not hold: %s\n", what);
        _exit(1);
    }
}

static void set(const struct Library* library, filestore_options* options, const char* name,
                const char* value) {
    require(library->options_set(options, name, value, NULL) == FILESTORE_OK, name);
}

static void set_from(const struct Library* library, filestore_options* options, const char* name,
                     const char* variable) {
    const char* value = getenv(variable);
    require(value != NULL, variable);
    set(library, options, name, value);
}

static void name_server(const struct Library* library, filestore_options* options, const char* directory) {
    char path[512];
    set(library, options, "backend", "s3");
    set(library, options, "region", "us-east-1");
    set(library, options, "key_prefix", "border/");
    set_from(library, options, "endpoint", "BORDER_ENDPOINT");
    set_from(library, options, "ca_file", "BORDER_CA_FILE");
    set_from(library, options, "bucket_name", "FILESTORE_S3_BUCKET");
    set_from(library, options, "aws_access_key", "AWS_ACCESS_KEY_ID");
    set_from(library, options, "aws_secret_key", "AWS_SECRET_ACCESS_KEY");
    set(library, options, "max_attempts", "1");
    snprintf(path, sizeof path, "%s/catalogue.sqlite", directory);
    set(library, options, "catalogue_path", path);
}

filestore_service* open_store(const struct Library* library, const char* directory, const char* name) {
    char path[512];
    filestore_options* options = NULL;
    filestore_service* service = NULL;
    filestore_error* error = NULL;
    require(library->options_create(&options, NULL) == FILESTORE_OK, "options");
    if (strcmp(name, "s3") == 0) {
        name_server(library, options, directory);
    } else {
        snprintf(path, sizeof path, "%s/%s", directory, name);
        set(library, options, "base_path", path);
    }
    library->open(options, &service, &error);
    require(service != NULL, error != NULL ? library->error_message(error) : "open");
    library->options_destroy(options);
    return service;
}

void use_store(const struct Library* library, filestore_service* service) {
    char id[FILESTORE_ID_SIZE];
    char bytes[8] = {0};
    size_t length = 0;
    int32_t deleted = 0;
    filestore_error* error = NULL;
    const int32_t code = library->upload_buffer(service, "hello", 5, NULL, id, &error);
    require(code == FILESTORE_OK, error != NULL ? library->error_message(error) : "upload");
    library->download_into(service, id, bytes, sizeof bytes, NULL, &length, NULL);
    require(length == 5 && memcmp(bytes, "hello", 5) == 0, "what was stored is read");
    library->remove(service, id, NULL, &deleted, NULL);
    require(deleted == 1, "what was stored is removed");
}

int as_often_as(int times) {
    const char* part = getenv("BORDER_PART");
    return part == NULL ? times : times / atoi(part);
}

int thread_count(void) {
    /* A sanitizer may have one of its own. */
    const char* others = getenv("BORDER_OTHER_THREADS");
    int count = others == NULL ? 0 : -atoi(others);
    DIR* tasks = opendir("/proc/self/task");
    require(tasks != NULL, "/proc/self/task");
    for (const struct dirent* task = readdir(tasks); task != NULL; task = readdir(tasks)) {
        count += task->d_name[0] != '.';
    }
    closedir(tasks);
    return count;
}

void wait_for_threads(int most) {
    const struct timespec moment = {0, 5000000};
    while (thread_count() > most) {
        nanosleep(&moment, NULL);
    }
}

int32_t endless(void* context, void* buffer, size_t capacity, size_t* length) {
    const struct timespec moment = {0, 2000000};
    __atomic_add_fetch((int*)context, 1, __ATOMIC_SEQ_CST);
    nanosleep(&moment, NULL);
    *length = capacity < 16 ? capacity : 16;
    memset(buffer, 'x', *length);
    return 0;
}

void wait_for_calls(const int* calls, int least) {
    while (__atomic_load_n(calls, __ATOMIC_SEQ_CST) < least) {
        sched_yield();
    }
}
