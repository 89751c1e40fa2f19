#include "serve/page_routes.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "serve/answers.h"
#include "serve/conditions.h"
#include "serve/embedded_files.h"

namespace filestore::tool::serve {

namespace {

struct TypeOfExtension {
    std::string_view extension;
    std::string_view type;
};
constexpr std::array<TypeOfExtension, 4> types{{
    {".html", "text/html; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".svg", "image/svg+xml"},
}};

/// Only what this service gives may run, and nothing may turn text into markup (Trusted Types).
constexpr std::string_view policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

std::string_view type_of(std::string_view name) {
    const auto* const found = std::find_if(types.begin(), types.end(), [name](const TypeOfExtension& known) {
        return name.ends_with(known.extension);
    });
    return found == types.end() ? "application/octet-stream" : found->type;
}

const EmbeddedFile* file_of(const Request& request) {
    const std::string_view name = request.path == "/" ? "index.html" : std::string_view(request.file_id);
    return find_file(page_files(), name);
}

/// A new version of the program may have another page, so a browser asks each time whether it is still the same.
Response answer_with(const EmbeddedFile& file, std::string tag, unsigned status) {
    Response response;
    response.status = status;
    response.headers = {{"ETag", std::move(tag)},
                        {"Cache-Control", "no-cache"},
                        {"Content-Security-Policy", std::string(policy)},
                        {"Cross-Origin-Opener-Policy", "same-origin"}};
    if (status == 200) {
        response.headers.push_back({"Content-Type", std::string(type_of(file.name))});
        response.body.assign(file.bytes.begin(), file.bytes.end());
    }
    return response;
}

}  // namespace

void answer_page(const Context&, const std::shared_ptr<Exchange>& exchange) {
    const EmbeddedFile* const file = file_of(exchange->request());
    if (file == nullptr) {
        exchange->respond(problem_response(404, "the page has no such file"));
        return;
    }
    FileInfo info;
    info.version = file->version;
    info.size = file->bytes.size();
    const Selection selected = select(exchange->request(), info);
    if (selected.status == 412) {
        exchange->respond(problem_response(412, "the page has another version of that file"));
        return;
    }
    exchange->respond(answer_with(*file, entity_tag(info), selected.status == 304 ? 304 : 200));
}

}  // namespace filestore::tool::serve
