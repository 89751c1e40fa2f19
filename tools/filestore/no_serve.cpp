#include "commands.h"

namespace filestore::tool {

ExitCode serve_over_http(const Session& session) {
    return session.fail(
        Error(ErrorCode::unsupported,
              "this command was built without its service: build it with FILESTORE_WITH_SERVE"));
}

}  // namespace filestore::tool
