#include "serve/answers.h"

#include <array>
#include <utility>

#include "core/json.h"
#include "json_line.h"

namespace filestore::tool::serve {

namespace {

struct Title {
    unsigned status;
    std::string_view text;
};
constexpr std::array<Title, 23> titles{{
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {422, "Unprocessable Content"},
    {423, "Locked"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {460, "Checksum Mismatch"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {507, "Insufficient Storage"},
}};

/// By the rule of validation.h that a file breaks.
unsigned status_of_refusal(std::string_view rule) noexcept {
    if (rule == "size") {
        return 413;
    }
    return rule == "type" || rule == "mismatch" || rule == "extension" ? 415 : 422;
}

std::string_view title_of(unsigned status) {
    for (const Title& title : titles) {
        if (title.status == status) {
            return title.text;
        }
    }
    return "Error";
}

/// Its clients tell failures apart by the status; these are for people.
std::string_view openai_type_of(unsigned status) noexcept {
    if (status == 429) {
        return "rate_limit_error";
    }
    return status >= 500 ? "server_error" : "invalid_request_error";
}

std::string_view openai_code_of(unsigned status) noexcept {
    switch (status) {
        case 401:
            return "invalid_api_key";
        case 403:
            return "insufficient_permissions";
        case 429:
            return "rate_limit_exceeded";
        default:
            return "";
    }
}

}  // namespace

std::string json_text(std::string_view text) {
    JsonText output;
    JsonTextWriter writer(output);
    writer.String(text.data(), static_cast<rj::SizeType>(text.size()));
    return std::move(output.text);
}

Response json_response(unsigned status, std::string body) {
    Response response;
    response.status = status;
    response.headers.push_back({"Content-Type", "application/json"});
    response.body = std::move(body);
    return response;
}

Response detail_response(unsigned status, std::string_view detail) {
    return json_response(status, JsonLine().text("detail", detail).object());
}

Response invalid_input_response(const InvalidInput& invalid) {
    JsonLine told;
    told.text("type", invalid.type)
        .json("loc", "[" + json_text(invalid.place) + "," + json_text(invalid.name) + "]")
        .text("msg", invalid.message)
        .json("input", invalid.input);
    if (!invalid.context.empty()) {
        told.json("ctx", invalid.context);
    }
    return json_response(422, JsonLine().json("detail", "[" + told.object() + "]").object());
}

Response problem_response(unsigned status, std::string_view detail) {
    Response response;
    response.status = status;
    response.headers.push_back({"Content-Type", "application/problem+json"});
    response.body = JsonLine()
                        .text("type", "about:blank")
                        .text("title", title_of(status))
                        .number("status", status)
                        .text("detail", detail)
                        .object();
    return response;
}

Response openai_response(unsigned status, std::string_view message, std::string_view param,
                         std::string_view code) {
    const std::string_view told_code = code.empty() ? openai_code_of(status) : code;
    return json_response(
        status, JsonLine()
                    .json("error", JsonLine()
                                       .text("message", message)
                                       .text("type", openai_type_of(status))
                                       .json("param", param.empty() ? "null" : json_text(param))
                                       .json("code", told_code.empty() ? "null" : json_text(told_code))
                                       .object())
                    .object());
}

Response openai_error_of(const Error& error, std::string_view param) {
    Response response = openai_response(status_of(error), error.message(), param);
    response.broken_rule = broken_rule_of(error);
    return response;
}

Response error_response(ErrorStyle style, unsigned status, std::string_view detail) {
    switch (style) {
        case ErrorStyle::original:
            return detail_response(status, detail);
        case ErrorStyle::openai:
            return openai_response(status, detail);
        case ErrorStyle::problem:
            break;
    }
    return problem_response(status, detail);
}

unsigned status_of(const Error& error) noexcept {
    switch (error.code()) {
        case ErrorCode::invalid_argument:
            return 400;
        case ErrorCode::not_found:
            return 404;
        case ErrorCode::conflict:
        case ErrorCode::already_exists:
            return 409;
        case ErrorCode::precondition_failed:
            return 412;
        case ErrorCode::range_not_satisfiable:
            return 416;
        case ErrorCode::rejected:
            return status_of_refusal(error.details().server_code);
        case ErrorCode::unsupported:
            return 501;
        case ErrorCode::unavailable:
        case ErrorCode::rate_limited:
            return 503;
        case ErrorCode::timeout:
            return 504;
        case ErrorCode::no_space:
            return 507;
        default:
            return 500;
    }
}

std::string broken_rule_of(const Error& error) {
    return error.code() == ErrorCode::rejected ? error.details().server_code : std::string();
}

Response problem_of(const Error& error) {
    Response response = problem_response(status_of(error), error.message());
    response.broken_rule = broken_rule_of(error);
    return response;
}

}  // namespace filestore::tool::serve
