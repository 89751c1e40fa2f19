#ifndef FILESTORE_TESTS_CAPI_MEMORY_BACKEND_H
#define FILESTORE_TESTS_CAPI_MEMORY_BACKEND_H

/* A backend in C that keeps a few small files in memory. Thread-safe. */

#include <filestore.h>
#include <pthread.h>

#define MOST_MEMORY_FILES 16

struct MemoryFile {
    char id[FILESTORE_ID_SIZE];
    char path[64];
    char content_type[64];
    char metadata[256];
    char version[24];
    char* bytes;
    size_t size;
};

struct MemoryStore {
    pthread_mutex_t mutex;
    /* In the order of their IDs. */
    struct MemoryFile files[MOST_MEMORY_FILES];
    size_t count;
    unsigned uploads;
    int open_writers;
    int open_readers;
    int destroyed;
    /* What the next function that opens something answers. */
    int32_t fail_with;
    const char* failure;
};

void make_memory_store(struct MemoryStore* store);
void end_memory_store(struct MemoryStore* store);

int times_destroyed(struct MemoryStore* store);

/* The functions of a backend whose context is a struct MemoryStore. */
filestore_backend_table memory_backend_table(void);

#endif
