#include "http/curl_error.h"

#include <string>

#include "core/text.h"
#include "http/retryable.h"

namespace filestore::http {

namespace {

Error proxy_refusal(const FailureContext& context) {
    const std::string message = "the proxy refused to connect to " + quoted(context.host) + " (status " +
                                std::to_string(context.proxy_status) + ")";
    if (context.proxy_status >= 500) {
        return {ErrorCode::unavailable, message, retryable()};
    }
    return {ErrorCode::configuration, message + ": check the proxy's address and credentials"};
}

Error untrusted(const std::string& message, const FailureContext& context) {
    return {ErrorCode::configuration, "the TLS certificate of " + quoted(context.host) +
                                          " is not accepted: " + message +
                                          " (trusted: " + std::string(context.trusted) + "; " +
                                          std::string(context.name_of_ca_file) + " names others)"};
}

/// What OpenSSL itself objects to (it names an error number then) will be the same the next time; a connection that broke will not. Where that comes
/// from another of its parts than TLS, a signature could not be checked.
Error handshake_failure(const std::string& message, const FailureContext& context) {
    const bool is_lasting = message.find("error:") != std::string::npos;
    if (is_lasting && message.find("SSL routines") == std::string::npos) {
        return untrusted(message, context);
    }
    return {ErrorCode::unavailable,
            "the TLS handshake with " + quoted(context.host) + " failed: " + message +
                " (trusted: " + std::string(context.trusted) + ")",
            is_lasting ? ErrorDetails{} : retryable()};
}

}  // namespace

Error error_of(CURLcode code, const FailureContext& context) {
    const std::string message(context.message.empty() ? curl_easy_strerror(code) : context.message);
    if (context.proxy_status >= 300) {
        return proxy_refusal(context);
    }
    // Of a proxy libcurl's text may repeat the whole URL, with the password.
    if (message.starts_with("Unsupported proxy")) {
        return {ErrorCode::configuration, "libcurl cannot use a proxy of this kind"};
    }
    switch (code) {
        case CURLE_COULDNT_RESOLVE_PROXY:
            return {ErrorCode::unavailable, "the proxy's name could not be looked up", retryable()};
        case CURLE_PEER_FAILED_VERIFICATION:
            return untrusted(message, context);
        case CURLE_SSL_CACERT_BADFILE:
            return {ErrorCode::configuration, std::string(context.trusted) + " cannot be used to check " +
                                                  quoted(context.host) + ": " + message};
        case CURLE_SSL_CONNECT_ERROR:
            return handshake_failure(message, context);
        case CURLE_SSL_CERTPROBLEM:
            return {ErrorCode::configuration, message};
        case CURLE_URL_MALFORMAT:
        case CURLE_UNSUPPORTED_PROTOCOL:
            if (context.awaits_head) {
                return {ErrorCode::corrupt,
                        "what " + quoted(context.host) + " answers is not HTTP: " + message};
            }
            return {ErrorCode::configuration, message};
        case CURLE_WEIRD_SERVER_REPLY:
            return {ErrorCode::corrupt, "what " + quoted(context.host) + " answers is not HTTP: " + message};
        case CURLE_OUT_OF_MEMORY:
            // libcurl's word for a header line above its own limit, too.
            if (context.awaits_head) {
                return {ErrorCode::corrupt,
                        "the server's answer has a header line of more than 100 KiB, or memory ran out"};
            }
            return Error(ErrorCode::no_memory);
        case CURLE_OPERATION_TIMEDOUT:
            return {ErrorCode::timeout, message, retryable()};
        default:
            return {ErrorCode::unavailable, message, retryable()};
    }
}

}  // namespace filestore::http
