#include "commands.h"
#include "output.h"

namespace filestore::tool {

ExitCode serve_over_http(const Options&, SignalWatch&, StandardOutput&) {
    report("this command was built without its service: build it with FILESTORE_WITH_SERVE");
    return exit_code_of(ErrorCode::unsupported);
}

ExitCode make_key(const Options&, StandardOutput&) {
    report("this command was built without its service: build it with FILESTORE_WITH_SERVE");
    return ExitCode::other;
}

}  // namespace filestore::tool
