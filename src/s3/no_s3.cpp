#include "core/left_out.h"
#include "filestore/s3_backend.h"

namespace filestore {

Result<std::shared_ptr<StorageBackend>> open_s3_backend(S3Options) {
    return left_out_error("S3", "FILESTORE_WITH_S3");
}

}  // namespace filestore
