#ifndef FILESTORE_TESTS_BORDER_H
#define FILESTORE_TESTS_BORDER_H

/* What the programs of this directory share: services on a local store and on S3, and what is true of the process. They use the functions of filestore.h
 * by way of `struct Library`, so that one that was loaded can take the place of the one that is linked. */

#include <filestore.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The functions that are used by way of a library that was loaded. */
struct Library {
    int32_t (*options_create)(filestore_options**, filestore_error**);
    int32_t (*options_set)(filestore_options*, const char*, const char*, filestore_error**);
    void (*options_destroy)(filestore_options*);
    int32_t (*open)(const filestore_options*, filestore_service**, filestore_error**);
    void (*close)(filestore_service*);
    const char* (*error_message)(const filestore_error*);
    int32_t (*upload_buffer)(filestore_service*, const void*, size_t, const filestore_upload_options*, char*,
                             filestore_error**);
    int32_t (*download_into)(filestore_service*, const char*, void*, size_t,
                             const filestore_download_options*, size_t*, filestore_error**);
    int32_t (*remove)(filestore_service*, const char*, const filestore_call_options*, int32_t*,
                      filestore_error**);
    int32_t (*exists_async)(filestore_service*, const char*, const filestore_call_options*,
                            filestore_done_function, void*, filestore_error**);
    void (*answer_destroy)(filestore_answer*);
};

extern const struct Library linked_library;

#define UNKNOWN_ID "00000000-0000-4000-8000-000000000000"

/* Ends the program with exit code 1, at once, where it does not hold. */
void require(int holds, const char* what);

/* A service on a local store of this name below the directory of the run, or with "s3" on the server that the environment names. */
filestore_service* open_store(const struct Library* library, const char* directory, const char* name);

/* Stores, reads and removes a file. */
void use_store(const struct Library* library, filestore_service* service);

/* How often something is done that is done `times` times where there is time for it: valgrind takes more. */
int as_often_as(int times);

/* The threads of this process, and waiting until there are no more of them than `most`. */
int thread_count(void);
void wait_for_threads(int most);

/* An upload that never ends by itself: `endless` is a reader, whose context is where it counts its calls, atomically. */
int32_t endless(void* context, void* buffer, size_t capacity, size_t* length);
void wait_for_calls(const int* calls, int least);

#ifdef __cplusplus
}
#endif

#endif
