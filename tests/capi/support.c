#include "support.h"

#include <stdlib.h>

filestore_error* err = NULL;
char directory[PATH_CAPACITY];

const char* path_in_directory(const char* name) {
    static char path[PATH_CAPACITY + 64];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

void write_file(const char* name, const char* text) {
    FILE* file = fopen(path_in_directory(name), "wb");
    if (file == NULL || fwrite(text, 1, strlen(text), file) != strlen(text) || fclose(file) != 0) {
        printf("Bail out! cannot write %s\n", name);
        exit(2);
    }
}

int file_holds(const char* name, const char* text) {
    char content[256];
    FILE* file = fopen(path_in_directory(name), "rb");
    if (file == NULL) {
        return 0;
    }
    const size_t size = fread(content, 1, sizeof content, file);
    fclose(file);
    return size == strlen(text) && memcmp(content, text, size) == 0;
}

int file_is_missing(const char* name) {
    FILE* file = fopen(path_in_directory(name), "rb");
    if (file != NULL) {
        fclose(file);
    }
    return file == NULL;
}

filestore_service* open_store(const char* name) {
    filestore_options* options = NULL;
    filestore_service* service = NULL;
    filestore_options_create(&options, NULL);
    filestore_options_set(options, "base_path", path_in_directory(name), NULL);
    const int32_t code = filestore_open(options, &service, &err);
    filestore_options_destroy(options);
    if (code != FILESTORE_OK) {
        printf("Bail out! cannot open a store: %s\n", filestore_error_message(err));
        exit(2);
    }
    return service;
}

void store_text(filestore_service* service, const char* text, char id[FILESTORE_ID_SIZE]) {
    if (filestore_upload_buffer(service, text, strlen(text), NULL, id, &err) != FILESTORE_OK) {
        printf("Bail out! cannot store a text: %s\n", filestore_error_message(err));
        exit(2);
    }
}

int buffer_holds(const filestore_buffer* buffer, const void* data, size_t size) {
    return buffer != NULL && filestore_buffer_size(buffer) == size &&
           memcmp(filestore_buffer_data(buffer), data, size) == 0 &&
           filestore_buffer_data(buffer)[size] == '\0';
}

int stored_count(filestore_service* service) {
    filestore_list_page* page = NULL;
    filestore_list(service, NULL, 0, NULL, &page, NULL);
    const int count = page != NULL ? (int)filestore_list_page_count(page) : -1;
    filestore_list_page_destroy(page);
    return count;
}

int32_t read_data(void* context, void* buffer, size_t capacity, size_t* length) {
    struct Reader* reader = context;
    if (reader->fail_with != 0 && reader->position >= reader->fail_at) {
        return reader->fail_with;
    }
    size_t count = reader->size - reader->position;
    count = count < reader->step ? count : reader->step;
    count = count < capacity ? count : capacity;
    memcpy(buffer, reader->data + reader->position, count);
    reader->position += count;
    *length = count;
    return 0;
}

int32_t rewind_data(void* context) {
    struct Reader* reader = context;
    reader->position = 0;
    ++reader->rewinds;
    return 0;
}

int32_t read_too_much(void* context, void* buffer, size_t capacity, size_t* length) {
    (void)context;
    (void)buffer;
    *length = capacity + 1;
    return 0;
}

int32_t write_data(void* context, const void* data, size_t size) {
    struct Writer* writer = context;
    if (writer->fail_with != 0) {
        return writer->fail_with;
    }
    if (size > sizeof writer->data - writer->size) {
        return 1;
    }
    memcpy(writer->data + writer->size, data, size);
    writer->size += size;
    return 0;
}

void check_part(filestore_buffer* json, const char* part, const char* what) {
    check(json != NULL && strstr(filestore_buffer_data(json), part) != NULL, what);
    filestore_buffer_destroy(json);
}
