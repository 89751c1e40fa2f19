#include "service/open_store.h"

#include <utility>

#include "core/text.h"

namespace filestore {

Result<std::shared_ptr<StorageBackend>> open_store(const ServiceOptions& options,
                                                   const std::shared_ptr<Executor>& executor) {
    if (options.backend == "local") {
        LocalOptions local = options.local;
        local.executor = local.executor ? local.executor : executor;
        return open_local_backend(std::move(local));
    }
    if (options.backend == "s3") {
        S3Options s3 = options.s3;
        s3.executor = s3.executor ? s3.executor : executor;
        s3.clock = s3.clock ? s3.clock : options.clock;
        return open_s3_backend(std::move(s3));
    }
    return Error(ErrorCode::invalid_argument,
                 "the backend " + filestore::quoted(options.backend) + " is not known: 'local' and 's3' are");
}

}  // namespace filestore
