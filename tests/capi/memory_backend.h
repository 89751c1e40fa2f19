#ifndef FILESTORE_TESTS_CAPI_MEMORY_BACKEND_H
#define FILESTORE_TESTS_CAPI_MEMORY_BACKEND_H

/* A backend in C that keeps a few small files in memory. Thread-safe. */

#include <filestore.h>
#include <pthread.h>

#define MOST_MEMORY_FILES 16
#define MOST_MEMORY_UPLOADS 4

struct MemoryFile {
    char id[FILESTORE_ID_SIZE];
    char path[64];
    char content_type[64];
    char metadata[256];
    char version[24];
    char* bytes;
    size_t size;
};

/* An upload that comes piece by piece; its ID is "" where there is none. */
struct MemoryUpload {
    char id[FILESTORE_ID_SIZE];
    char path[64];
    char content_type[64];
    char metadata[256];
    char* bytes;
    size_t size;
    uint64_t length;
    uint64_t lifetime;
    int64_t expires_at;
    /* An append is under way, or it is being read. */
    int is_held;
};

/* What the functions of the whole store were asked for. */
struct MemoryRequests {
    int batches;
    int discards;
    int sweeps;
    int32_t dry_run;
    uint64_t older_than;
    size_t swept_files;
    int32_t repair;
    int32_t resume;
    uint32_t parallel;
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
    struct MemoryUpload pieces[MOST_MEMORY_UPLOADS];
    int open_appends;
    /* What its clock says. */
    int64_t now;
    struct MemoryRequests requests;
};

void make_memory_store(struct MemoryStore* store);
void end_memory_store(struct MemoryStore* store);

int times_destroyed(struct MemoryStore* store);
/* Waits for so many ends: a thread that has just answered may hold the backend for a moment more. 1 once they have come, 0 where they do not. */
int wait_for_ends(struct MemoryStore* store, int times);

/* The functions of a backend whose context is a struct MemoryStore. */
filestore_backend_table memory_backend_table(void);

/* The same with what works on many files, or on the whole store. */
filestore_backend_table memory_upkeep_table(void);

/* The same with uploads that come piece by piece. */
filestore_backend_table memory_uploads_table(void);
void end_memory_uploads(struct MemoryStore* store);

/* For the functions above, under the lock of the store. */
struct MemoryFile* find_memory_file(struct MemoryStore* store, const char* id);
int32_t remove_memory_file(struct MemoryStore* store, const char* id, const char* version, int32_t* removed);
/* What `read` takes: a copy of the bytes. */
void* open_memory_reader(struct MemoryStore* store, const char* bytes, size_t size);
int32_t fail_as_told(struct MemoryStore* store, filestore_backend_call* call);

#endif
