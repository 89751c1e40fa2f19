#define _POSIX_C_SOURCE 200809L

#include "memory_backend.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* 2026-01-01T00:00:00Z */
#define STORED_AT INT64_C(1767225600000000)

struct MemoryWriter {
    char* bytes;
    size_t size;
};

struct MemoryReader {
    char* bytes;
    size_t size;
};

void make_memory_store(struct MemoryStore* store) {
    memset(store, 0, sizeof *store);
    pthread_mutex_init(&store->mutex, NULL);
}

void end_memory_store(struct MemoryStore* store) {
    end_memory_uploads(store);
    for (size_t i = 0; i < store->count; ++i) {
        free(store->files[i].bytes);
    }
    pthread_mutex_destroy(&store->mutex);
}

int times_destroyed(struct MemoryStore* store) {
    pthread_mutex_lock(&store->mutex);
    const int times = store->destroyed;
    pthread_mutex_unlock(&store->mutex);
    return times;
}

int wait_for_ends(struct MemoryStore* store, int times) {
    const struct timespec pause = {0, 1000000};
    for (int i = 0; i < 5000 && times_destroyed(store) < times; ++i) {
        nanosleep(&pause, NULL);
    }
    return times_destroyed(store) == times;
}

/* The place of a file, or where it would be. Under the lock. */
static size_t place_of(const struct MemoryStore* store, const char* id) {
    size_t place = 0;
    while (place < store->count && strcmp(store->files[place].id, id) < 0) {
        ++place;
    }
    return place;
}

struct MemoryFile* find_memory_file(struct MemoryStore* store, const char* id) {
    const size_t place = place_of(store, id);
    return place < store->count && strcmp(store->files[place].id, id) == 0 ? &store->files[place] : NULL;
}

int32_t fail_as_told(struct MemoryStore* store, filestore_backend_call* call) {
    const int32_t code = store->fail_with;
    if (code != FILESTORE_OK && store->failure != NULL) {
        filestore_backend_call_set_failure(call, store->failure, 1, NULL);
    }
    store->fail_with = FILESTORE_OK;
    return code;
}

static void destroy(void* context) {
    struct MemoryStore* store = context;
    pthread_mutex_lock(&store->mutex);
    ++store->destroyed;
    pthread_mutex_unlock(&store->mutex);
}

static int32_t describe_file(void* context, filestore_backend_call* call) {
    struct MemoryStore* store = context;
    pthread_mutex_lock(&store->mutex);
    const struct MemoryFile* file = find_memory_file(store, filestore_backend_call_id(call));
    const int32_t code = file == NULL ? FILESTORE_NOT_FOUND
                                      : filestore_backend_call_set_info(call, file->size, STORED_AT,
                                                                        file->path, file->content_type,
                                                                        file->metadata, file->version, NULL);
    pthread_mutex_unlock(&store->mutex);
    return code;
}

void* open_memory_reader(struct MemoryStore* store, const char* bytes, size_t size) {
    struct MemoryReader* opened = malloc(sizeof *opened);
    opened->bytes = malloc(size + 1);
    if (size != 0) {
        memcpy(opened->bytes, bytes, size);
    }
    opened->size = size;
    ++store->open_readers;
    return opened;
}

static int32_t open_reader(void* context, filestore_backend_call* call, void** reader, uint64_t* size) {
    struct MemoryStore* store = context;
    pthread_mutex_lock(&store->mutex);
    int32_t code = fail_as_told(store, call);
    const struct MemoryFile* file = find_memory_file(store, filestore_backend_call_id(call));
    if (code == FILESTORE_OK && file == NULL) {
        code = FILESTORE_NOT_FOUND;
    }
    if (code == FILESTORE_OK) {
        *reader = open_memory_reader(store, file->bytes, file->size);
        *size = file->size;
    }
    pthread_mutex_unlock(&store->mutex);
    return code;
}

static int32_t read_bytes(void* context, filestore_backend_call* call, void* reader, uint64_t offset,
                          void* buffer, size_t capacity, size_t* length) {
    const struct MemoryReader* opened = reader;
    const size_t start = offset < opened->size ? (size_t)offset : opened->size;
    const size_t rest = opened->size - start;
    (void)context;
    *length = rest < capacity ? rest : capacity;
    memcpy(buffer, opened->bytes + start, *length);
    return filestore_backend_call_state(call);
}

static void close_reader(void* context, void* reader) {
    struct MemoryStore* store = context;
    struct MemoryReader* opened = reader;
    free(opened->bytes);
    free(opened);
    pthread_mutex_lock(&store->mutex);
    --store->open_readers;
    pthread_mutex_unlock(&store->mutex);
}

static int32_t open_writer(void* context, filestore_backend_call* call, void** writer) {
    struct MemoryStore* store = context;
    pthread_mutex_lock(&store->mutex);
    const int32_t code = fail_as_told(store, call);
    if (code == FILESTORE_OK) {
        *writer = calloc(1, sizeof(struct MemoryWriter));
        ++store->open_writers;
    }
    pthread_mutex_unlock(&store->mutex);
    return code;
}

static int32_t write_bytes(void* context, filestore_backend_call* call, void* writer, const void* data,
                           size_t size) {
    struct MemoryWriter* opened = writer;
    char* grown = realloc(opened->bytes, opened->size + size + 1);
    (void)context;
    if (grown == NULL) {
        return FILESTORE_NO_MEMORY;
    }
    memcpy(grown + opened->size, data, size);
    opened->bytes = grown;
    opened->size += size;
    return filestore_backend_call_state(call);
}

static int32_t check_version(const struct MemoryFile* file, const char* version) {
    return version[0] != '\0' && (file == NULL || strcmp(file->version, version) != 0)
               ? FILESTORE_PRECONDITION_FAILED
               : FILESTORE_OK;
}

static int32_t check_conditions(const struct MemoryFile* file, const filestore_backend_call* call) {
    if (file != NULL && filestore_backend_call_create_only(call)) {
        return FILESTORE_ALREADY_EXISTS;
    }
    return check_version(file, filestore_backend_call_if_version(call));
}

/* Room for a new file, under the lock; NULL where there is none. */
static struct MemoryFile* add_file(struct MemoryStore* store, const char* id) {
    const size_t place = place_of(store, id);
    if (store->count == MOST_MEMORY_FILES) {
        return NULL;
    }
    memmove(&store->files[place + 1], &store->files[place], (store->count - place) * sizeof store->files[0]);
    ++store->count;
    memset(&store->files[place], 0, sizeof store->files[place]);
    snprintf(store->files[place].id, sizeof store->files[place].id, "%s", id);
    return &store->files[place];
}

static void fill_file(struct MemoryFile* file, const filestore_backend_call* call,
                      struct MemoryWriter* writer, unsigned version) {
    free(file->bytes);
    file->bytes = writer->bytes;
    file->size = writer->size;
    writer->bytes = NULL;
    snprintf(file->path, sizeof file->path, "%s", filestore_backend_call_path(call));
    snprintf(file->content_type, sizeof file->content_type, "%s", filestore_backend_call_content_type(call));
    snprintf(file->metadata, sizeof file->metadata, "%s", filestore_backend_call_metadata(call));
    snprintf(file->version, sizeof file->version, "v%u", version);
}

static int32_t commit(void* context, filestore_backend_call* call, void* writer, uint64_t size) {
    struct MemoryStore* store = context;
    struct MemoryWriter* opened = writer;
    const uint64_t declared = filestore_backend_call_size(call);
    if (size != opened->size || (declared != FILESTORE_UNKNOWN_SIZE && declared != size)) {
        return FILESTORE_INTERNAL;
    }
    pthread_mutex_lock(&store->mutex);
    struct MemoryFile* file = find_memory_file(store, filestore_backend_call_id(call));
    int32_t code = check_conditions(file, call);
    if (code == FILESTORE_OK && file == NULL) {
        file = add_file(store, filestore_backend_call_id(call));
        code = file != NULL ? FILESTORE_OK : FILESTORE_NO_SPACE;
    }
    if (code == FILESTORE_OK) {
        fill_file(file, call, opened, ++store->uploads);
    }
    pthread_mutex_unlock(&store->mutex);
    return code;
}

static void close_writer(void* context, void* writer) {
    struct MemoryStore* store = context;
    struct MemoryWriter* opened = writer;
    free(opened->bytes);
    free(opened);
    pthread_mutex_lock(&store->mutex);
    --store->open_writers;
    pthread_mutex_unlock(&store->mutex);
}

int32_t remove_memory_file(struct MemoryStore* store, const char* id, const char* version, int32_t* removed) {
    struct MemoryFile* file = find_memory_file(store, id);
    const int32_t code = file != NULL ? check_version(file, version) : FILESTORE_OK;
    *removed = file != NULL && code == FILESTORE_OK;
    if (*removed) {
        const size_t place = (size_t)(file - store->files);
        free(file->bytes);
        --store->count;
        memmove(file, file + 1, (store->count - place) * sizeof *file);
    }
    return code;
}

static int32_t remove_file(void* context, filestore_backend_call* call, int32_t* removed) {
    struct MemoryStore* store = context;
    pthread_mutex_lock(&store->mutex);
    const int32_t code = remove_memory_file(store, filestore_backend_call_id(call),
                                            filestore_backend_call_if_version(call), removed);
    pthread_mutex_unlock(&store->mutex);
    return code;
}

static int32_t list_files(void* context, filestore_backend_call* call) {
    struct MemoryStore* store = context;
    const size_t limit = filestore_backend_call_limit(call);
    int32_t code = FILESTORE_OK;
    pthread_mutex_lock(&store->mutex);
    size_t place = place_of(store, filestore_backend_call_cursor(call));
    if (place < store->count && strcmp(store->files[place].id, filestore_backend_call_cursor(call)) == 0) {
        ++place;
    }
    const size_t end = store->count - place < limit ? store->count : place + limit;
    for (; place < end && code == FILESTORE_OK; ++place) {
        const struct MemoryFile* file = &store->files[place];
        code = filestore_backend_call_add_file(call, file->id, file->size, STORED_AT, NULL);
    }
    if (code == FILESTORE_OK && end < store->count) {
        code = filestore_backend_call_set_next(call, store->files[end - 1].id, NULL);
    }
    pthread_mutex_unlock(&store->mutex);
    return code;
}

static int32_t presign_file(void* context, filestore_backend_call* call) {
    char url[128];
    (void)context;
    snprintf(url, sizeof url, "memory:%s?%s%s%s%s", filestore_backend_call_id(call),
             filestore_backend_call_method(call), filestore_backend_call_answer_disposition(call),
             filestore_backend_call_answer_type(call), filestore_backend_call_exact_expiry(call) ? "!" : "");
    return filestore_backend_call_set_url(call, url,
                                          (int64_t)filestore_backend_call_expires_in(call) * 1000000, NULL);
}

filestore_backend_table memory_backend_table(void) {
    const filestore_backend_table table = {
        .struct_size = sizeof table,
        .abilities = FILESTORE_COMPARES_UPLOADS + FILESTORE_COMPARES_DELETIONS,
        .name = "memory",
        .destroy = destroy,
        .describe = describe_file,
        .open_reader = open_reader,
        .read = read_bytes,
        .close_reader = close_reader,
        .open_writer = open_writer,
        .write = write_bytes,
        .commit = commit,
        .close_writer = close_writer,
        .remove = remove_file,
        .list = list_files,
        .presign = presign_file,
    };
    return table;
}
