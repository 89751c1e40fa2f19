#include "serve/access/cross_origin.h"

#include <algorithm>

namespace filestore::tool::serve {

bool CrossOrigin::allows(const Request& request) const {
    const std::string* origin = request.header("Origin");
    return origin != nullptr && std::find(origins_.begin(), origins_.end(), *origin) != origins_.end();
}

std::optional<Response> CrossOrigin::preflight(const Request& request) const {
    const bool is_preflight =
        request.method == "OPTIONS" && request.header("Access-Control-Request-Method") != nullptr;
    if (!is_preflight || !allows(request)) {
        return std::nullopt;
    }
    Response response;
    response.status = 204;
    response.headers = {
        {"Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE"},
        {"Access-Control-Allow-Headers",
         "Authorization, Content-Type, If-Match, If-Modified-Since, If-None-Match, If-Range, "
         "If-Unmodified-Since, OpenAI-Beta, OpenAI-Organization, OpenAI-Project, Range, Tus-Resumable, "
         "Upload-Checksum, Upload-Defer-Length, "
         "Upload-Length, "
         "Upload-Metadata, Upload-Offset, X-Api-Key, X-HTTP-Method-Override, X-Stainless-Arch, "
         "X-Stainless-Lang, X-Stainless-OS, X-Stainless-Package-Version, "
         "X-Stainless-Retry-Count, X-Stainless-Runtime, X-Stainless-Runtime-Version, "
         "X-Stainless-Timeout"},
        {"Access-Control-Max-Age", "600"}};
    return response;
}

std::vector<Header> CrossOrigin::headers(const Request& request) const {
    if (origins_.empty()) {
        return {};
    }
    std::vector<Header> headers{{"Vary", "Origin"}};
    if (allows(request)) {
        headers.push_back({"Access-Control-Allow-Origin", *request.header("Origin")});
        headers.push_back(
            {"Access-Control-Expose-Headers",
             "Accept-Ranges, Content-Disposition, Content-Location, Content-Range, ETag, Filestore-File-Id, "
             "Location, Retry-After, Tus-Checksum-Algorithm, Tus-Extension, Tus-Max-Size, "
             "Tus-Resumable, Tus-Version, Upload-Defer-Length, Upload-Expires, "
             "Upload-Length, Upload-Metadata, Upload-Offset"});
    }
    return headers;
}

}  // namespace filestore::tool::serve
