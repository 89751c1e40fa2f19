#include "commands.h"
#include "output.h"

namespace filestore::tool {

ExitCode serve_over_http(const Session& session) {
    return session.fail(
        Error(ErrorCode::unsupported,
              "this command was built without its service: build it with FILESTORE_WITH_SERVE"));
}

Result<void> check_service(const Options&) {
    return {};
}

ExitCode make_key(const Options&, StandardOutput&) {
    report("this command was built without its service: build it with FILESTORE_WITH_SERVE");
    return ExitCode::other;
}

}  // namespace filestore::tool
