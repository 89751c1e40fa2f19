#include "serve/dispatch.h"

#include <chrono>
#include <utility>

#include "core/encoding.h"
#include "serve/answers.h"

namespace filestore::tool::serve {

namespace {

/// The same with a slash at the end, or without those that are there.
std::string with_other_end(const std::string& path) {
    return path.ends_with('/') ? path.substr(0, path.find_last_not_of('/') + 1) : path + '/';
}

std::string encoded_query(const Request& request) {
    std::string query;
    for (const auto& [name, value] : request.query) {
        query += (query.empty() ? '?' : '&') + percent_encode(name) + '=' + percent_encode(value);
    }
    return query;
}

Response unauthenticated(ErrorStyle style, const Error& error) {
    Response response = error_response(style, 401, error.message());
    response.headers.push_back({"WWW-Authenticate", "Bearer"});
    return response;
}

/// Whose token it is cannot be told without the keys of who issued it.
Response not_yet(ErrorStyle style, const Error& error) {
    Response response = error_response(style, 503, error.message());
    response.headers.push_back({"Retry-After", "2"});
    return response;
}

Response too_many(ErrorStyle style, std::chrono::seconds wait) {
    const std::string seconds = std::to_string(wait.count());
    Response response = error_response(style, 429, "too many requests: ask again in " + seconds + " s");
    response.headers.push_back({"Retry-After", seconds});
    return response;
}

/// Refuses or redirects by what one generation knows. A reference; immutable.
class Gate {
public:
    explicit Gate(const Access& access) noexcept : access_(access) {}

    [[nodiscard]] std::optional<Response> refusal(const Request& request, const RouteMatch& match) const;
    [[nodiscard]] Response unrouted(const Request& request, const RouteMatch& match) const;

private:
    [[nodiscard]] std::optional<Response> refusal_of_caller(const Request& request,
                                                            const RouteMatch& match) const;
    [[nodiscard]] std::optional<Response> refusal_of_new_token(std::string_view token,
                                                               const std::string& address,
                                                               ErrorStyle style) const;
    [[nodiscard]] std::optional<Response> refusal_of_rate(const std::string& caller, ErrorStyle style) const;
    [[nodiscard]] Response redirect(const Request& request, const std::string& path) const;

    const Access& access_;
};

std::optional<Response> Gate::refusal(const Request& request, const RouteMatch& match) const {
    // A key is nothing that a browser adds by itself.
    if (access_.authenticator.is_open() && !access_.cross_origin.allows(request)) {
        if (const auto why = access_.guard.refusal(request)) {
            return error_response(match.errors, 403, *why);
        }
    }
    return refusal_of_caller(request, match);
}

/// What does not exist is told to nobody without a key either.
std::optional<Response> Gate::refusal_of_caller(const Request& request, const RouteMatch& match) const {
    const Scope needed = match.route == nullptr ? Scope::read : match.route->scope;
    if (needed == Scope::open) {
        return std::nullopt;
    }
    const std::string address = "address " + request.client;
    if (needed == Scope::signed_url) {
        return refusal_of_rate(address, match.errors);
    }
    const std::string_view token = access_.authenticator.token_in(request);
    if (auto refused = refusal_of_new_token(token, address, match.errors)) {
        return refused;
    }
    const auto identity = access_.authenticator.identify(request, system_clock()->now());
    if (!token.empty()) {
        access_.proven_tokens->note(token, identity.ok());
    }
    const bool is_known = identity.ok() && !identity->counted_as.empty();
    if (auto refused = refusal_of_rate(is_known ? identity->counted_as : address, match.errors)) {
        return refused;
    }
    if (!identity.ok()) {
        return identity.error().code() == ErrorCode::unavailable
                   ? not_yet(match.errors, identity.error())
                   : unauthenticated(match.errors, identity.error());
    }
    if (match.route != nullptr && !identity->scopes.has(needed)) {
        return error_response(match.errors, 403, "this key may not " + std::string(name_of(needed)));
    }
    return std::nullopt;
}

/// An address whose guesses have used up its requests has no more signatures computed, but for tokens that were right before: others may call from there, too, as behind a proxy.
std::optional<Response> Gate::refusal_of_new_token(std::string_view token, const std::string& address,
                                                   ErrorStyle style) const {
    if (token.empty()) {
        return std::nullopt;
    }
    const auto wait = access_.rate_limit->wait_of(address, RateLimit::Clock::now());
    return wait && !access_.proven_tokens->has(token) ? std::optional(too_many(style, *wait)) : std::nullopt;
}

std::optional<Response> Gate::refusal_of_rate(const std::string& caller, ErrorStyle style) const {
    const auto wait = access_.rate_limit->take(caller, RateLimit::Clock::now());
    return wait ? std::optional(too_many(style, *wait)) : std::nullopt;
}

/// As the original's framework did for a path that has a slash too much.
Response Gate::redirect(const Request& request, const std::string& path) const {
    Response response;
    response.status = 307;
    const std::string* host = request.header("Host");
    response.headers.push_back({"Location", access_.scheme + "://" +
                                                (host == nullptr ? std::string() : *host) +
                                                percent_encode(path, "/") + encoded_query(request)});
    return response;
}

/// Of a request that has no route.
Response Gate::unrouted(const Request& request, const RouteMatch& match) const {
    if (!match.allowed.empty()) {
        Response response = error_response(match.errors, 405, "Method Not Allowed");
        response.headers.push_back({"Allow", match.allowed});
        return response;
    }
    const std::string other = with_other_end(request.path);
    const RouteMatch redirected = find_route(all_routes(), request.method, other);
    return redirected.route != nullptr || !redirected.allowed.empty()
               ? redirect(request, other)
               : error_response(match.errors, 404, "Not Found");
}

}  // namespace

namespace {

/// Whoever has a link may show the file in a page of his own.
std::vector<Header> headers_of(const CrossOrigin& cross_origin, const Request& request,
                               const RouteMatch& match) {
    std::vector<Header> headers = cross_origin.headers(request);
    if (match.route != nullptr && match.route->scope == Scope::signed_url) {
        headers.push_back({"Cross-Origin-Resource-Policy", "cross-origin"});
    }
    return headers;
}

bool stores_a_file(const Request& request, const RouteMatch& match) {
    return match.route != nullptr && match.route->scope == Scope::write && request.method != "HEAD" &&
           request.method != "DELETE";
}

}  // namespace

void Dispatcher::operator()(const std::shared_ptr<Exchange>& exchange) const {
    const std::shared_ptr<const Generation> generation = current_->get();
    exchange->keep(generation);
    const Gate gate(generation->access());
    const CrossOrigin& cross_origin = generation->access().cross_origin;
    const Request& request = exchange->request();
    RouteMatch match = find_route(all_routes(), request.method, request.path);
    exchange->add_headers(headers_of(cross_origin, request, match));
    if (auto answer = cross_origin.preflight(request)) {
        return exchange->respond(std::move(*answer));
    }
    const bool is_upload = stores_a_file(request, match);
    exchange->set_route(match.route, is_upload);
    if (is_upload) {
        metrics_->upload_began();
    }
    if (auto refused = gate.refusal(request, match)) {
        return exchange->respond(std::move(*refused));
    }
    if (match.route == nullptr) {
        return exchange->respond(gate.unrouted(request, match));
    }
    exchange->set_file_id(std::move(match.file_id));
    match.route->handler(generation->context(), exchange);
}

}  // namespace filestore::tool::serve
