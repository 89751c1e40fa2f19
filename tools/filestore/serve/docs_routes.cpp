#include "serve/docs_routes.h"

#include <string>

#include "serve/docs/assets.h"

namespace filestore::tool::serve {

namespace {

/// Nothing of another host, and nothing that stands in the page itself.
constexpr std::string_view page_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'";

Response file(std::string_view type, std::string_view content) {
    Response response;
    response.headers = {{"Content-Type", std::string(type)}, {"Cache-Control", "no-cache"}};
    response.body = content;
    return response;
}

}  // namespace

void answer_openapi(const Context&, const std::shared_ptr<Exchange>& exchange) {
    exchange->respond(file("application/json", openapi_json));
}

void answer_docs(const Context&, const std::shared_ptr<Exchange>& exchange) {
    Response page = file("text/html; charset=utf-8", docs_html);
    page.headers.push_back({"Content-Security-Policy", std::string(page_policy)});
    exchange->respond(std::move(page));
}

void answer_docs_style(const Context&, const std::shared_ptr<Exchange>& exchange) {
    exchange->respond(file("text/css; charset=utf-8", docs_css));
}

void answer_docs_script(const Context&, const std::shared_ptr<Exchange>& exchange) {
    exchange->respond(file("text/javascript; charset=utf-8", docs_script));
}

}  // namespace filestore::tool::serve
