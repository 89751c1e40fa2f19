#include "s3/protocol/sts.h"

#include <algorithm>
#include <array>
#include <pugixml.hpp>
#include <utility>
#include <vector>

#include "core/text.h"
#include "s3/protocol/uri.h"

namespace filestore::s3 {
namespace {

constexpr std::string_view sts_version = "2011-06-15";

std::vector<NameValue> fields_of(std::string_view action, const RoleRequest& role) {
    std::vector<NameValue> fields{{"Action", std::string(action)},
                                  {"Version", std::string(sts_version)},
                                  {"RoleArn", role.role_arn},
                                  {"RoleSessionName", role.session_name},
                                  {"DurationSeconds", std::to_string(role.duration.count())}};
    if (!role.policy.empty()) {
        fields.push_back({"Policy", role.policy});
    }
    return fields;
}

/// Answers the one root element; nothing for what is not a whole, plain document.
pugi::xml_node load_in_place(pugi::xml_document& document, char* text, std::size_t size) {
    // A doctype is asked for so that it can be refused.
    constexpr unsigned options = pugi::parse_default | pugi::parse_doctype;
    if (!document.load_buffer_inplace(text, size, options, pugi::encoding_utf8)) {
        return {};
    }
    const pugi::xml_node root = document.first_child();
    return root.type() == pugi::node_element && !root.next_sibling() ? root : pugi::xml_node();
}

Error corrupt_keys(const char* message) {
    return {ErrorCode::corrupt, message};
}

bool is_sendable(std::string_view text) {
    return is_printable_ascii(text) && text.find(' ') == std::string_view::npos;
}

struct CodeRow {
    std::string_view server_code;
    ErrorCode code;
    bool retryable;
};

constexpr std::array codes{
    CodeRow{"AccessDenied", ErrorCode::permission_denied, false},
    CodeRow{"AccessDeniedException", ErrorCode::permission_denied, false},
    CodeRow{"ExpiredToken", ErrorCode::unauthenticated, false},
    CodeRow{"ExpiredTokenException", ErrorCode::unauthenticated, false},
    CodeRow{"IDPCommunicationError", ErrorCode::unavailable, true},
    CodeRow{"IDPRejectedClaim", ErrorCode::unauthenticated, false},
    CodeRow{"IncompleteSignature", ErrorCode::unauthenticated, false},
    CodeRow{"InvalidClientTokenId", ErrorCode::unauthenticated, false},
    CodeRow{"InvalidIdentityToken", ErrorCode::unauthenticated, false},
    CodeRow{"RegionDisabledException", ErrorCode::configuration, false},
    CodeRow{"RequestExpired", ErrorCode::unauthenticated, false},
    CodeRow{"SignatureDoesNotMatch", ErrorCode::unauthenticated, false},
    CodeRow{"Throttling", ErrorCode::rate_limited, true},
    CodeRow{"ThrottlingException", ErrorCode::rate_limited, true},
    CodeRow{"UnrecognizedClientException", ErrorCode::unauthenticated, false},
    CodeRow{"ValidationError", ErrorCode::configuration, false},
};

CodeRow code_row_of(std::string_view server_code, int status) {
    const auto* const row = std::find_if(codes.begin(), codes.end(), [server_code](const CodeRow& each) {
        return each.server_code == server_code;
    });
    if (row != codes.end()) {
        return *row;
    }
    if (status == 429) {
        return {server_code, ErrorCode::rate_limited, true};
    }
    if (status >= 500) {
        return {server_code, ErrorCode::unavailable, true};
    }
    return {server_code, status == 403 ? ErrorCode::permission_denied : ErrorCode::unauthenticated, false};
}

}  // namespace

std::string assume_role_form(const RoleRequest& role) {
    std::vector<NameValue> fields = fields_of("AssumeRole", role);
    if (!role.external_id.empty()) {
        fields.push_back({"ExternalId", role.external_id});
    }
    return canonical_query(fields);
}

std::string web_identity_form(const RoleRequest& role, std::string_view token) {
    std::vector<NameValue> fields = fields_of("AssumeRoleWithWebIdentity", role);
    fields.push_back({"WebIdentityToken", std::string(token)});
    std::string form = canonical_query(fields);
    wipe(fields.back().value);
    return form;
}

Result<StsKeys> parse_sts_keys(SecretString xml) {
    pugi::xml_document document;
    const pugi::xml_node root = load_in_place(document, xml.data(), xml.size());
    const std::string_view name = root.name();
    if (!name.starts_with("AssumeRole") || !name.ends_with("Response")) {
        return corrupt_keys("the answer is cut off or no answer of an STS");
    }
    const std::string result_name = std::string(name.substr(0, name.size() - 8)) + "Result";
    const pugi::xml_node parent = root.child(result_name.c_str()).child("Credentials");
    StsKeys found{{parent.child_value("AccessKeyId"), parent.child_value("SecretAccessKey"),
                   parent.child_value("SessionToken")},
                  {}};
    const Credentials& keys = found.keys;
    if (keys.access_key.empty() || keys.secret_key.empty() || keys.session_token.empty()) {
        return corrupt_keys("the answer of the STS lacks a key or the session token");
    }
    if (!is_sendable(keys.access_key) || !is_sendable(keys.secret_key) || !is_sendable(keys.session_token)) {
        return corrupt_keys(
            "a key in the answer of the STS holds a blank, a line break or a byte that is not ASCII");
    }
    const auto expires_at = parse_timestamp(parent.child_value("Expiration"));
    if (!expires_at.ok()) {
        return corrupt_keys("the answer of the STS does not say when its keys end");
    }
    found.expires_at = *expires_at;
    return found;
}

Error error_of_sts_answer(int status, std::string_view body, std::span<const SecretString> secrets) {
    pugi::xml_document document;
    std::string text(body);
    const pugi::xml_node error = load_in_place(document, text.data(), text.size()).child("Error");
    std::string server_code = without_secrets(error.child_value("Code"), secrets);
    const std::string server_message = without_secrets(error.child_value("Message"), secrets);
    if (server_code.size() > 128 || !is_sendable(server_code)) {
        server_code.clear();
    }

    const CodeRow meaning = code_row_of(server_code, status);
    std::string message = "the STS answered with status " + std::to_string(status);
    if (!server_code.empty()) {
        message += ' ' + server_code;
    }
    if (!server_message.empty()) {
        message += ", " + quoted(server_message);
    }
    ErrorDetails details;
    details.http_status = status;
    details.retryable = meaning.retryable;
    details.server_code = std::move(server_code);
    return {meaning.code, std::move(message), std::move(details)};
}

}  // namespace filestore::s3
