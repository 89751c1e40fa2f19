/* Uploads that come piece by piece, of a backend in C. */

#include <stdlib.h>
#include <string.h>

#include "memory_backend.h"
#include "support.h"

/* The bytes of an append until they count. */
struct MemoryAppend {
    struct MemoryUpload* upload;
    char* bytes;
    size_t size;
};

/* Under the lock, as all that follow; "" finds an empty place. NULL where there is none. */
static struct MemoryUpload* find_upload(struct MemoryStore* store, const char* id) {
    for (size_t i = 0; i < MOST_MEMORY_UPLOADS; ++i) {
        if (strcmp(store->pieces[i].id, id) == 0) {
            return &store->pieces[i];
        }
    }
    return NULL;
}

static void keep_alive(const struct MemoryStore* store, struct MemoryUpload* upload) {
    upload->expires_at = store->now + (int64_t)upload->lifetime * 1000000;
}

static void forget(struct MemoryUpload* upload) {
    free(upload->bytes);
    memset(upload, 0, sizeof *upload);
}

static int32_t begin_upload(void* context, filestore_backend_call* call) {
    struct MemoryStore* store = context;
    pthread_mutex_lock(&store->mutex);
    int32_t code = fail_as_told(store, call);
    struct MemoryUpload* upload = find_upload(store, "");
    if (code == FILESTORE_OK && find_upload(store, filestore_backend_call_id(call)) != NULL) {
        code = FILESTORE_ALREADY_EXISTS;
    }
    if (code == FILESTORE_OK && upload == NULL) {
        code = FILESTORE_NO_SPACE;
    }
    if (code == FILESTORE_OK) {
        snprintf(upload->id, sizeof upload->id, "%s", filestore_backend_call_id(call));
        snprintf(upload->path, sizeof upload->path, "%s", filestore_backend_call_path(call));
        snprintf(upload->content_type, sizeof upload->content_type, "%s",
                 filestore_backend_call_content_type(call));
        snprintf(upload->metadata, sizeof upload->metadata, "%s", filestore_backend_call_metadata(call));
        upload->length = filestore_backend_call_size(call);
        upload->lifetime = filestore_backend_call_lifetime(call);
        keep_alive(store, upload);
    }
    pthread_mutex_unlock(&store->mutex);
    return code;
}

static int32_t describe_upload(void* context, filestore_backend_call* call) {
    struct MemoryStore* store = context;
    pthread_mutex_lock(&store->mutex);
    const struct MemoryUpload* upload = find_upload(store, filestore_backend_call_id(call));
    const int32_t code = upload == NULL ? FILESTORE_NOT_FOUND
                                        : filestore_backend_call_set_upload(
                                              call, upload->size, upload->length, upload->expires_at,
                                              upload->path, upload->content_type, upload->metadata, NULL);
    pthread_mutex_unlock(&store->mutex);
    return code;
}

/* NULL, and a code, where it cannot be worked on. */
static struct MemoryUpload* hold(struct MemoryStore* store, filestore_backend_call* call, int32_t* code) {
    struct MemoryUpload* upload = find_upload(store, filestore_backend_call_id(call));
    *code = fail_as_told(store, call);
    if (*code == FILESTORE_OK && upload == NULL) {
        *code = FILESTORE_NOT_FOUND;
    }
    if (*code == FILESTORE_OK && upload->is_held) {
        filestore_backend_call_set_failure(call, "the upload is in use", 1, NULL);
        *code = FILESTORE_CONFLICT;
    }
    return *code == FILESTORE_OK ? upload : NULL;
}

static int32_t open_append(void* context, filestore_backend_call* call, void** append) {
    struct MemoryStore* store = context;
    int32_t code = FILESTORE_OK;
    pthread_mutex_lock(&store->mutex);
    struct MemoryUpload* upload = hold(store, call, &code);
    if (upload != NULL && filestore_backend_call_offset(call) != upload->size) {
        code = FILESTORE_PRECONDITION_FAILED;
    } else if (upload != NULL) {
        struct MemoryAppend* opened = calloc(1, sizeof *opened);
        opened->upload = upload;
        upload->is_held = 1;
        upload->length = filestore_backend_call_size(call);
        *append = opened;
        ++store->open_appends;
    }
    pthread_mutex_unlock(&store->mutex);
    check(filestore_backend_call_all_or_nothing(call) == 0, "what came of an append stays");
    return code;
}

static int32_t append_bytes(void* context, filestore_backend_call* call, void* append, const void* data,
                            size_t size) {
    struct MemoryStore* store = context;
    struct MemoryAppend* opened = append;
    pthread_mutex_lock(&store->mutex);
    const int32_t code = fail_as_told(store, call);
    pthread_mutex_unlock(&store->mutex);
    if (code == FILESTORE_OK) {
        opened->bytes = realloc(opened->bytes, opened->size + size);
        memcpy(opened->bytes + opened->size, data, size);
        opened->size += size;
    }
    return code;
}

static int32_t end_append(void* context, filestore_backend_call* call, void* append, int32_t keep) {
    struct MemoryStore* store = context;
    struct MemoryAppend* opened = append;
    struct MemoryUpload* upload = opened->upload;
    pthread_mutex_lock(&store->mutex);
    const int32_t code = fail_as_told(store, call);
    if (code == FILESTORE_OK && keep && opened->size != 0) {
        upload->bytes = realloc(upload->bytes, upload->size + opened->size);
        memcpy(upload->bytes + upload->size, opened->bytes, opened->size);
        upload->size += opened->size;
    }
    keep_alive(store, upload);
    upload->is_held = 0;
    --store->open_appends;
    pthread_mutex_unlock(&store->mutex);
    free(opened->bytes);
    free(opened);
    return code;
}

static int32_t open_upload(void* context, filestore_backend_call* call, void** reader, uint64_t* size) {
    struct MemoryStore* store = context;
    int32_t code = FILESTORE_OK;
    pthread_mutex_lock(&store->mutex);
    const struct MemoryUpload* upload = hold(store, call, &code);
    if (upload != NULL) {
        *reader = open_memory_reader(store, upload->bytes, upload->size);
        *size = upload->size;
    }
    pthread_mutex_unlock(&store->mutex);
    return code;
}

static int32_t end_upload(void* context, filestore_backend_call* call, int32_t* ended) {
    struct MemoryStore* store = context;
    pthread_mutex_lock(&store->mutex);
    struct MemoryUpload* upload = find_upload(store, filestore_backend_call_id(call));
    *ended = upload != NULL;
    if (upload != NULL) {
        forget(upload);
    }
    pthread_mutex_unlock(&store->mutex);
    return FILESTORE_OK;
}

static int32_t expire_uploads(void* context, filestore_backend_call* call) {
    struct MemoryStore* store = context;
    int32_t code = FILESTORE_OK;
    pthread_mutex_lock(&store->mutex);
    for (size_t i = 0; i < MOST_MEMORY_UPLOADS && code == FILESTORE_OK; ++i) {
        struct MemoryUpload* upload = &store->pieces[i];
        if (upload->id[0] != '\0' && upload->expires_at <= store->now) {
            code = filestore_backend_call_add_id(call, upload->id, NULL);
            forget(upload);
        }
    }
    pthread_mutex_unlock(&store->mutex);
    return code;
}

void end_memory_uploads(struct MemoryStore* store) {
    for (size_t i = 0; i < MOST_MEMORY_UPLOADS; ++i) {
        free(store->pieces[i].bytes);
    }
}

filestore_backend_table memory_uploads_table(void) {
    filestore_backend_table table = memory_backend_table();
    table.begin_upload = begin_upload;
    table.describe_upload = describe_upload;
    table.open_append = open_append;
    table.append = append_bytes;
    table.end_append = end_append;
    table.open_upload = open_upload;
    table.end_upload = end_upload;
    table.expire_uploads = expire_uploads;
    return table;
}
