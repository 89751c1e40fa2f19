#include "http/handle_setup.h"

#include <algorithm>

namespace filestore::http {

namespace {

/// Measured: 512 KiB buffers cost a third less CPU on large bodies than curl's 16 KiB; small requests do not need them.
constexpr long bulk_buffer = 512L * 1024;
/// Of each loop: what a receiver does not take yet is kept by buffers, twice.
constexpr std::size_t most_with_large_buffers = 8;
constexpr long small_receive_buffer = 64L * 1024;
/// The bodies of one loop are sent in turn, through buffers that are to stay in the processor's cache together. Measured: for 64 bodies, 128 KiB for each cost half the CPU of
/// 512 KiB; a body alone wants the larger one.
constexpr long send_buffers_of_loop = 1024L * 1024;
constexpr long least_send_buffer = 128L * 1024;

template <class Duration>
long count_of(Duration duration) noexcept {
    return static_cast<long>(duration.count());
}

long receive_buffer(const Request& request) noexcept {
    return request.others < most_with_large_buffers ? bulk_buffer : small_receive_buffer;
}

long send_buffer(const Request& request) noexcept {
    const long share = send_buffers_of_loop / (1 + static_cast<long>(request.others));
    return std::clamp(share, least_send_buffer, bulk_buffer);
}

void set_protocol(CURL* handle, const Request& request, const TransportOptions& options) {
    curl_easy_setopt(handle, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(handle, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(handle, CURLOPT_EXPECT_100_TIMEOUT_MS, count_of(options.expect_wait));
    if (request.bulk) {
        curl_easy_setopt(handle, CURLOPT_BUFFERSIZE, receive_buffer(request));
        curl_easy_setopt(handle, CURLOPT_UPLOAD_BUFFERSIZE, send_buffer(request));
    }
}

void set_connections(CURL* handle, const TransportOptions& options, const ConnectionPlan& plan) {
    // Without this curl would change the process's handling of SIGPIPE around its calls; our threads block it.
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    // Names are looked up before, see LoopNames. libcurl's own lookup of one that is left to it is not waited for, either.
    curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, count_of(plan.timeout));
    curl_easy_setopt(handle, CURLOPT_MAXAGE_CONN, count_of(options.max_idle_age));
    curl_easy_setopt(handle, CURLOPT_MAXLIFETIME_CONN, count_of(options.max_connection_age));
    curl_easy_setopt(handle, CURLOPT_DNS_CACHE_TIMEOUT, count_of(options.dns_cache_time));
    curl_easy_setopt(handle, CURLOPT_DNS_SHUFFLE_ADDRESSES, options.shuffle_addresses ? 1L : 0L);
    curl_easy_setopt(handle, CURLOPT_TCP_NODELAY, 1L);
}

/// Both are given whatever they are, or libcurl would read the environment.
void set_proxy(CURL* handle, const ConnectionPlan& plan) {
    curl_easy_setopt(handle, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(handle, CURLOPT_PROXY, plan.proxy.c_str());
    curl_easy_setopt(handle, CURLOPT_NOPROXY, "");
}

/// curl's own defaults would be parsed for each connection; one file alone is parsed once for each loop.
void set_tls(CURL* handle, const Trust& trust) {
    for (const auto option : {CURLOPT_SSLVERSION, CURLOPT_PROXY_SSLVERSION}) {
        curl_easy_setopt(handle, option, CURL_SSLVERSION_TLSv1_2);
    }
    curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 2L);
    const char* const file = trust.file.empty() ? nullptr : trust.file.c_str();
    const char* const directory = trust.directory.empty() ? nullptr : trust.directory.c_str();
    for (const auto option : {CURLOPT_CAINFO, CURLOPT_PROXY_CAINFO}) {
        curl_easy_setopt(handle, option, file);
    }
    for (const auto option : {CURLOPT_CAPATH, CURLOPT_PROXY_CAPATH}) {
        curl_easy_setopt(handle, option, directory);
    }
    if (!trust.pem.empty()) {
        // The blob is not written to.
        const curl_blob pem{const_cast<char*>(trust.pem.data()), trust.pem.size(), CURL_BLOB_NOCOPY};
        curl_easy_setopt(handle, CURLOPT_CAINFO_BLOB, &pem);
        curl_easy_setopt(handle, CURLOPT_PROXY_CAINFO_BLOB, &pem);
    }
}

}  // namespace

void set_up_handle(CURL* handle, const Request& request, const TransportOptions& options,
                   const ConnectionPlan& plan, const Trust& trust) {
    set_protocol(handle, request, options);
    set_connections(handle, options, plan);
    set_proxy(handle, plan);
    set_tls(handle, trust);
}

}  // namespace filestore::http
