#include "commands.h"
#include "core/try.h"
#include "json_line.h"
#include "output.h"
#include "serve/access/api_keys.h"

namespace filestore::tool {

ExitCode make_key(const Options& options, StandardOutput& output) {
    const auto made = serve::make_key();
    if (!made.ok()) {
        report(made.error());
        return exit_code_of(made.error().code());
    }
    const std::string text = options.json ? JsonLine().text("key", made->key).text("hash", made->hash).str()
                                          : "key:  " + made->key + "\nhash: " + made->hash + "\n";
    const auto written = output.write(text);
    return written.ok() ? ExitCode::ok : ExitCode::other;
}

}  // namespace filestore::tool
