#include "serve/dispatch.h"

#include <utility>

#include "core/encoding.h"
#include "serve/answers.h"

namespace filestore::tool::serve {

namespace {

/// The same with a slash at the end, or without the one that is there.
std::string with_other_end(std::string path) {
    if (!path.empty() && path.back() == '/') {
        path.pop_back();
    } else {
        path += '/';
    }
    return path;
}

std::string encoded_query(const Request& request) {
    std::string query;
    for (const auto& [name, value] : request.query) {
        query += (query.empty() ? '?' : '&') + percent_encode(name) + '=' + percent_encode(value);
    }
    return query;
}

/// As the original's framework did for a path that has a slash too much.
Response redirect(const Request& request, const std::string& path) {
    Response response;
    response.status = 307;
    const std::string* host = request.header("Host");
    response.headers.push_back({"Location", "http://" + (host == nullptr ? std::string() : *host) +
                                                percent_encode(path, "/") + encoded_query(request)});
    return response;
}

/// Of a request that has no route.
Response unrouted(const Request& request, const RouteMatch& match) {
    if (!match.allowed.empty()) {
        Response response = error_response(match.errors, 405, "Method Not Allowed");
        response.headers.push_back({"Allow", match.allowed});
        return response;
    }
    const std::string other = with_other_end(request.path);
    const RouteMatch redirected = find_route(all_routes(), request.method, other);
    return redirected.route != nullptr || !redirected.allowed.empty() ? redirect(request, other)
                                                                      : detail_response(404, "Not Found");
}

}  // namespace

void Dispatcher::operator()(const std::shared_ptr<Exchange>& exchange) const {
    const Request& request = exchange->request();
    RouteMatch match = find_route(all_routes(), request.method, request.path);
    if (const auto refusal = guard_.refusal(request)) {
        exchange->respond(error_response(match.errors, 403, *refusal));
    } else if (match.route == nullptr) {
        exchange->respond(unrouted(request, match));
    } else {
        exchange->set_file_id(std::move(match.file_id));
        match.route->handler(context_, exchange);
    }
}

}  // namespace filestore::tool::serve
