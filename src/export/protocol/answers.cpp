#include "export/protocol/answers.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

#include "core/ascii.h"
#include "core/encoding.h"
#include "core/text.h"
#include "core/try.h"
#include "export/protocol/json_answer.h"

namespace filestore::provider {

namespace {

constexpr std::size_t longest_id = 512;

Error not_understood(std::string_view what) {
    return {ErrorCode::corrupt, "the answer " + std::string(what)};
}

Result<JsonAnswer> parse(std::string_view json) {
    auto answer = parse_answer(json);
    return answer ? Result<JsonAnswer>(std::move(*answer)) : not_understood("is no JSON object");
}

/// A step up would lead a URL elsewhere.
bool has_dot_segment(std::string_view path) {
    for (;;) {
        const std::size_t slash = path.find('/');
        const std::string_view segment = path.substr(0, slash);
        if (segment == "." || segment == "..") {
            return true;
        }
        if (slash == std::string_view::npos) {
            return false;
        }
        path.remove_prefix(slash + 1);
    }
}

/// It is put into URLs and tables.
bool is_id(std::string_view text) {
    return !has_dot_segment(text) && !text.empty() && text.size() <= longest_id &&
           std::all_of(text.begin(), text.end(),
                       [](char c) { return c > ' ' && c <= '~' && c != '"' && c != '\\'; });
}

std::optional<Timestamp> time_of(const JsonMembers& members, std::string_view name, TimeFormat format) {
    if (format == TimeFormat::unix_seconds) {
        constexpr std::int64_t latest = 253'402'300'799;
        const auto number = members.number(name).value_or(0);
        // Some services count milliseconds.
        const auto seconds = number > latest ? number / 1000 : number;
        return seconds > 0 && seconds <= latest ? std::optional(Timestamp(std::chrono::seconds(seconds)))
                                                : std::nullopt;
    }
    const auto time = parse_timestamp(members.text(name));
    return time.ok() ? std::optional(*time) : std::nullopt;
}

/// Nothing where it is no number.
std::optional<std::uint64_t> number_of(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool is_number = failure == std::errc() && end == text.data() + text.size();
    return is_number ? std::optional(number) : std::nullopt;
}

std::optional<std::uint64_t> size_of(const JsonMembers& members, std::string_view name) {
    const auto number = members.number(name);
    if (!number) {
        return number_of(members.text(name));
    }
    return *number >= 0 ? std::optional(static_cast<std::uint64_t>(*number)) : std::nullopt;
}

/// Without an ID where that is none.
RemoteFile file_of(const Profile& profile, const JsonMembers& members) {
    RemoteFile file;
    file.id = members.text(profile.members.id);
    if (!is_id(file.id)) {
        file.id.clear();
    }
    file.name = members.text(profile.members.name);
    file.expires_at = time_of(members, profile.members.expires_at, profile.members.time_format);
    file.created_at = time_of(members, profile.members.created_at, profile.members.time_format);
    file.size = size_of(members, profile.members.size);
    return file;
}

/// The parameter that asks for the next page, behind a file of an ID; empty where there is none.
Result<std::string> cursor_of(const ListPaging& paging, const JsonMembers& answer,
                              const std::string& last_id) {
    for (const TokenPaging& by_token : paging.tokens) {
        if (const std::string token = answer.text(by_token.member); !token.empty()) {
            return std::string(by_token.parameter) + "=" + percent_encode(token);
        }
    }
    if (paging.after_parameter.empty() || !answer.is_true("has_more")) {
        return std::string();
    }
    if (last_id.empty()) {
        return not_understood("has more files, but none on this page");
    }
    return std::string(paging.after_parameter) + "=" + percent_encode(last_id);
}

/// `not_found` and `conflict` are about the stored file; what a provider does not find is the place that was asked.
ErrorCode code_of(int status) {
    switch (status) {
        case 401:
            return ErrorCode::unauthenticated;
        case 403:
            return ErrorCode::permission_denied;
        case 404:
        case 405:
        case 410:
            return ErrorCode::configuration;
        case 408:
            return ErrorCode::timeout;
        case 409:
        case 413:
        case 415:
        case 422:
            return ErrorCode::rejected;
        case 429:
            return ErrorCode::rate_limited;
        default:
            return status >= 500 ? ErrorCode::unavailable : ErrorCode::invalid_argument;
    }
}

std::string_view advice_for(int status) {
    switch (status) {
        case 401:
            return "; check the key";
        case 403:
            return "; check what the key may do";
        case 404:
        case 405:
        case 410:
            return "; check the base URL, and whether the service has this call";
        case 413:
            return "; the file is larger than this account or service takes";
        default:
            return "";
    }
}

/// What the provider says of a failure. A value.
struct Complaint {
    std::string code{};
    std::string message{};
};

/// `{"error": {"message", "code" or "type" or "status"}}`; of compatible services also `{"error": ""}`, `{"message": ""}`, `{"detail": ""}` and `{"detail": [{"msg": ""}]}`.
Complaint complaint_of(std::string_view body) {
    const auto answer = parse_answer(body);
    if (!answer) {
        return {};
    }
    const JsonMembers* const inner = answer->object("error");
    const JsonMembers& error = inner != nullptr ? *inner : answer->members;
    Complaint complaint;
    for (const std::string_view name : {"code", "type", "status"}) {
        complaint.code = complaint.code.empty() ? error.text(name) : complaint.code;
    }
    for (const std::string_view name : {"message", "error", "detail"}) {
        complaint.message = complaint.message.empty() ? error.text(name) : complaint.message;
    }
    const auto* const details = answer->list("detail");
    if (complaint.message.empty() && details != nullptr && !details->empty()) {
        complaint.message = details->front().text("msg");
    }
    return complaint;
}

/// Some services repeat parts of a key that they refuse.
bool is_about_the_key(int status, std::string_view message) {
    std::string plain = to_lower(message);
    std::erase_if(plain, [](char c) { return c < 'a' || c > 'z'; });
    return status == 401 || status == 403 || plain.find("apikey") != std::string::npos;
}

}  // namespace

Result<RemoteFile> read_file(const Profile& profile, std::string_view json) {
    FILESTORE_TRY_ASSIGN(const JsonAnswer answer, parse(json));
    const JsonMembers* const inner = answer.object("file");
    RemoteFile file = file_of(profile, inner != nullptr ? *inner : answer.members);
    return file.id.empty() ? not_understood("names no file") : Result<RemoteFile>(std::move(file));
}

Result<RemoteFile> read_file_of_upload(const Profile& profile, std::string_view json) {
    FILESTORE_TRY_ASSIGN(const JsonAnswer answer, parse(json));
    const JsonMembers* const inner = answer.object("file");
    RemoteFile file = inner != nullptr ? file_of(profile, *inner) : RemoteFile();
    return file.id.empty() ? not_understood("names no file") : Result<RemoteFile>(std::move(file));
}

Result<std::string> read_id(std::string_view json) {
    FILESTORE_TRY_ASSIGN(const JsonAnswer answer, parse(json));
    std::string id = answer.members.text("id");
    return is_id(id) ? Result<std::string>(std::move(id)) : not_understood("has no ID");
}

/// Google leaves an empty array out. Files of others may have IDs that nobody here would take.
Result<RemoteList> read_list(const Profile& profile, std::string_view json) {
    FILESTORE_TRY_ASSIGN(const JsonAnswer answer, parse(json));
    RemoteList list;
    std::string last_id;
    if (const auto* const files = answer.list(profile.members.files)) {
        list.files.reserve(files->size());
        for (const JsonMembers& entry : *files) {
            list.files.push_back(file_of(profile, entry));
            last_id = entry.text(profile.members.id);
            list.first_id = list.files.size() == 1 ? last_id : list.first_id;
        }
    } else if (profile.style != UploadStyle::resumable) {
        return not_understood("has no list of files");
    }
    FILESTORE_TRY_ASSIGN(list.cursor, cursor_of(profile.paging, answer.members, last_id));
    list.total = size_of(answer.members, profile.paging.total_member);
    return list;
}

Result<std::string> read_session_url(const Place& place, std::string_view header) {
    const std::size_t host = header.find("://");
    const std::size_t path = host == std::string_view::npos ? host : header.find('/', host + 3);
    const bool is_url = path != std::string_view::npos && is_printable_ascii(header) &&
                        header.find_first_of(" \"<>\\^`{|}#") == std::string_view::npos;
    if (!is_url) {
        return not_understood("does not say where the file is to be sent");
    }
    const std::string_view base = place.base_url;
    const std::size_t end_of_origin = std::min(base.find('/', base.find("://") + 3), base.size());
    const std::string_view session = header.substr(path);
    // A gateway may say where it itself is asked, or hand on what the provider says.
    const std::string origin = std::string(base.substr(0, end_of_origin)) + "/";
    const std::string begin = std::string(base.substr(end_of_origin)) + "/";
    const bool is_whole = header.starts_with(origin) || session.starts_with(begin);
    return std::string(base.substr(0, is_whole ? end_of_origin : base.size())) + std::string(session);
}

Result<SessionState> read_session_state(std::string_view status, std::string_view received) {
    SessionState state;
    state.is_final = status == "final";
    if (state.is_final) {
        return state;
    }
    const auto count = number_of(received);
    if (status != "active" || !count) {
        return not_understood("does not say how much has come");
    }
    state.received = *count;
    return state;
}

Result<void> read_removal(const Profile& profile, std::string_view provider_id, const RemovalReply& reply) {
    constexpr int no_content = 204;
    const bool is_empty = reply.body.empty();
    const auto answer = parse_answer(reply.body);
    const bool names_it = answer && answer->members.text("id") == provider_id;
    const bool is_removed = [&] {
        switch (profile.removal) {
            case RemovalAnswer::deleted_and_id:
                return (reply.status == no_content && is_empty) ||
                       (names_it && answer->members.is_true("deleted"));
            case RemovalAnswer::type_and_id:
                return names_it && answer->members.text("type") == "file_deleted";
            case RemovalAnswer::nothing:
                break;
        }
        return is_empty || (answer && answer->is_empty());
    }();
    return is_removed ? Result<void>() : not_understood("does not say that the file is removed");
}

/// `{"error": {...}}`, `{"error": ""}`, `{"detail": ...}`, `{"message": "", "code": 404}`.
bool may_say_missing(const Profile& profile, const RemovalReply& reply) {
    const auto answer = parse_answer(reply.body);
    const auto has = [&](std::string_view name) {
        return answer && (answer->object(name) != nullptr || answer->list(name) != nullptr ||
                          !answer->members.text(name).empty());
    };
    const bool tells_of_missing = reply.status == 404 || reply.status == 410;
    if (profile.missing_codes.empty()) {
        return tells_of_missing && (has("error") || has("detail") || has("message"));
    }
    const bool fits = tells_of_missing || reply.status == 403;
    const auto codes = profile.missing_codes;
    return fits && std::find(codes.begin(), codes.end(), complaint_of(reply.body).code) != codes.end();
}

Error error_of(const Profile& profile, const Refusal& refusal, std::span<const SecretString> secrets) {
    Complaint complaint = complaint_of(refusal.body);
    std::string message = std::string(profile.name) + " answered " + std::to_string(refusal.status);
    if (complaint.message.empty() || is_about_the_key(refusal.status, complaint.message)) {
        message += complaint.code.empty() ? "" : " " + quoted(without_secrets(complaint.code, secrets));
    } else {
        message += ": " + quoted(without_secrets(complaint.message, secrets));
    }
    message += advice_for(refusal.status);
    ErrorDetails details;
    details.http_status = refusal.status;
    details.server_code = without_secrets(complaint.code, secrets);
    details.request_id = without_secrets(refusal.request_id, secrets);
    details.retryable = refusal.status == 408 || refusal.status == 429 || refusal.status >= 500;
    return {code_of(refusal.status), std::move(message), std::move(details)};
}

}  // namespace filestore::provider
