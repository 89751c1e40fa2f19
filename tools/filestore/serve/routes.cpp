#include "serve/routes.h"

#include <algorithm>
#include <array>
#include <optional>

#include "serve/docs_routes.h"
#include "serve/file_routes.h"
#include "serve/health_routes.h"
#include "serve/listed_files.h"
#include "serve/metrics_routes.h"
#include "serve/openai/file_routes.h"
#include "serve/openai/upload_routes.h"
#include "serve/original_routes.h"
#include "serve/page_routes.h"
#include "serve/tus/upload_routes.h"

namespace filestore::tool::serve {

namespace {

constexpr std::string_view placeholder = "{file_id}";
/// What the original system had nothing below.
constexpr std::array<std::string_view, 4> own_paths{"/files", "/page/", "/signed", "/uploads"};

constexpr std::array routes{
    Route{"POST", "/upload", Scope::write, ErrorStyle::original, upload_form},
    Route{"GET", "/download/{file_id}", Scope::read, ErrorStyle::original, download_file},
    Route{"HEAD", "/download/{file_id}", Scope::read, ErrorStyle::original, download_file},
    Route{"DELETE", "/delete/{file_id}", Scope::remove, ErrorStyle::original, delete_file},
    Route{"POST", "/cleanup", Scope::admin, ErrorStyle::original, cleanup_files},

    Route{"GET", "/files", Scope::read, ErrorStyle::problem, list_files},
    Route{"HEAD", "/files", Scope::read, ErrorStyle::problem, list_files},
    Route{"PUT", "/files", Scope::write, ErrorStyle::problem, put_file},
    Route{"GET", "/files/{file_id}", Scope::read, ErrorStyle::problem, show_file},
    Route{"HEAD", "/files/{file_id}", Scope::read, ErrorStyle::problem, show_file},
    Route{"POST", "/files/{file_id}/undelete", Scope::remove, ErrorStyle::problem, undelete_file},
    Route{"GET", "/files/{file_id}/content", Scope::read, ErrorStyle::problem, show_content},
    Route{"HEAD", "/files/{file_id}/content", Scope::read, ErrorStyle::problem, show_content},
    Route{"POST", "/files/{file_id}/link", Scope::read, ErrorStyle::problem, link_file},

    Route{"GET", "/v1/files", Scope::read, ErrorStyle::openai, openai::list_files},
    Route{"POST", "/v1/files", Scope::write, ErrorStyle::openai, openai::create_file},
    Route{"GET", "/v1/files/{file_id}", Scope::read, ErrorStyle::openai, openai::show_file},
    Route{"DELETE", "/v1/files/{file_id}", Scope::remove, ErrorStyle::openai, openai::delete_file},
    Route{"GET", "/v1/files/{file_id}/content", Scope::read, ErrorStyle::openai, openai::show_content},
    Route{"POST", "/v1/uploads", Scope::write, ErrorStyle::openai, openai::create_upload},
    Route{"POST", "/v1/uploads/{file_id}/parts", Scope::write, ErrorStyle::openai, openai::add_part},
    Route{"POST", "/v1/uploads/{file_id}/complete", Scope::write, ErrorStyle::openai,
          openai::complete_upload},
    Route{"POST", "/v1/uploads/{file_id}/cancel", Scope::write, ErrorStyle::openai, openai::cancel_upload},

    Route{"GET", "/", Scope::open, ErrorStyle::problem, answer_page},
    Route{"HEAD", "/", Scope::open, ErrorStyle::problem, answer_page},
    Route{"GET", "/page/{file_id}", Scope::open, ErrorStyle::problem, answer_page},
    Route{"HEAD", "/page/{file_id}", Scope::open, ErrorStyle::problem, answer_page},

    Route{"OPTIONS", "/uploads", Scope::open, ErrorStyle::problem, tus::tell_options},
    Route{"POST", "/uploads", Scope::write, ErrorStyle::problem, tus::create_upload},
    Route{"OPTIONS", "/uploads/{file_id}", Scope::open, ErrorStyle::problem, tus::tell_options},
    Route{"HEAD", "/uploads/{file_id}", Scope::write, ErrorStyle::problem, tus::show_upload},
    Route{"PATCH", "/uploads/{file_id}", Scope::write, ErrorStyle::problem, tus::append_to_upload},
    Route{"DELETE", "/uploads/{file_id}", Scope::write, ErrorStyle::problem, tus::end_upload},
    Route{"POST", "/uploads/{file_id}", Scope::write, ErrorStyle::problem, tus::do_as_overridden},
    Route{"GET", "/signed/{file_id}", Scope::signed_url, ErrorStyle::problem, show_signed},
    Route{"HEAD", "/signed/{file_id}", Scope::signed_url, ErrorStyle::problem, show_signed},

    Route{"GET", "/healthz", Scope::open, ErrorStyle::problem, answer_healthy},
    Route{"HEAD", "/healthz", Scope::open, ErrorStyle::problem, answer_healthy},
    Route{"GET", "/readyz", Scope::open, ErrorStyle::problem, answer_ready},
    Route{"HEAD", "/readyz", Scope::open, ErrorStyle::problem, answer_ready},
    Route{"GET", "/metrics", Scope::metrics, ErrorStyle::problem, answer_metrics},
    Route{"HEAD", "/metrics", Scope::metrics, ErrorStyle::problem, answer_metrics},
    Route{"GET", "/openapi.json", Scope::open, ErrorStyle::problem, answer_openapi},
    Route{"HEAD", "/openapi.json", Scope::open, ErrorStyle::problem, answer_openapi},
    Route{"GET", "/docs", Scope::open, ErrorStyle::problem, answer_docs},
    Route{"HEAD", "/docs", Scope::open, ErrorStyle::problem, answer_docs},
    Route{"GET", "/docs/page.css", Scope::open, ErrorStyle::problem, answer_docs_style},
    Route{"HEAD", "/docs/page.css", Scope::open, ErrorStyle::problem, answer_docs_style},
    Route{"GET", "/docs/page.js", Scope::open, ErrorStyle::problem, answer_docs_script},
    Route{"HEAD", "/docs/page.js", Scope::open, ErrorStyle::problem, answer_docs_script},
};

bool is_own(std::string_view path) {
    return std::any_of(own_paths.begin(), own_paths.end(),
                       [path](std::string_view own) { return path.starts_with(own); });
}

ErrorStyle style_of(std::string_view path) {
    if (path.starts_with("/v1/")) {
        return ErrorStyle::openai;
    }
    return is_own(path) ? ErrorStyle::problem : ErrorStyle::original;
}

/// What stands for the placeholder; nothing where the path is another.
std::optional<std::string_view> match(std::string_view pattern, std::string_view path) {
    const std::size_t place = pattern.find(placeholder);
    if (place == std::string_view::npos) {
        return pattern == path ? std::optional<std::string_view>("") : std::nullopt;
    }
    const std::string_view tail = pattern.substr(place + placeholder.size());
    if (path.size() <= place + tail.size() || path.substr(0, place) != pattern.substr(0, place) ||
        path.substr(path.size() - tail.size()) != tail) {
        return std::nullopt;
    }
    const std::string_view segment = path.substr(place, path.size() - place - tail.size());
    return segment.find('/') == std::string_view::npos ? std::optional(segment) : std::nullopt;
}

}  // namespace

std::span<const Route> all_routes() {
    return routes;
}

RouteMatch find_route(std::span<const Route> among, std::string_view method, std::string_view path) {
    RouteMatch found;
    found.errors = style_of(path);
    for (const Route& route : among) {
        const auto segment = match(route.path, path);
        if (!segment) {
            continue;
        }
        found.errors = route.errors;
        if (route.method == method) {
            found.route = &route;
            found.file_id = *segment;
            found.allowed.clear();
            return found;
        }
        found.allowed += (found.allowed.empty() ? "" : ", ") + std::string(route.method);
    }
    return found;
}

}  // namespace filestore::tool::serve
