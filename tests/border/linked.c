#include "border.h"

const struct Library linked_library = {
    filestore_options_create, filestore_options_set,   filestore_options_destroy, filestore_open,
    filestore_close,          filestore_error_message, filestore_upload_buffer,   filestore_download_into,
    filestore_delete,         filestore_exists_async,  filestore_answer_destroy,
};
