#include "serve/docs_routes.h"

#include <string>

#include "serve/embedded_files.h"

namespace filestore::tool::serve {

namespace {

/// Nothing of another host, and nothing that stands in the page itself.
constexpr std::string_view page_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'";

/// One that is there.
Response file(std::string_view type, std::string_view name) {
    const EmbeddedFile* const found = find_file(docs_files(), name);
    Response response;
    response.headers = {{"Content-Type", std::string(type)}, {"Cache-Control", "no-cache"}};
    response.body.assign(found->bytes.begin(), found->bytes.end());
    return response;
}

}  // namespace

void answer_openapi(const Context&, const std::shared_ptr<Exchange>& exchange) {
    exchange->respond(file("application/json", "openapi.json"));
}

void answer_docs(const Context&, const std::shared_ptr<Exchange>& exchange) {
    Response page = file("text/html; charset=utf-8", "page.html");
    page.headers.push_back({"Content-Security-Policy", std::string(page_policy)});
    exchange->respond(std::move(page));
}

void answer_docs_style(const Context&, const std::shared_ptr<Exchange>& exchange) {
    exchange->respond(file("text/css; charset=utf-8", "page.css"));
}

void answer_docs_script(const Context&, const std::shared_ptr<Exchange>& exchange) {
    exchange->respond(file("text/javascript; charset=utf-8", "page.js"));
}

}  // namespace filestore::tool::serve
