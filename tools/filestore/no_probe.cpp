#include "commands.h"
#include "core/left_out.h"

namespace filestore::tool {

ExitCode probe(const Session& session) {
    return session.fail(left_out_error("S3", "FILESTORE_WITH_S3"));
}

}  // namespace filestore::tool
