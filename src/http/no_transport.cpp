#include "core/left_out.h"
#include "http/curl_transport.h"

namespace filestore::http {

namespace {

class NoTransport final : public Transport {
public:
    void send(Request, std::shared_ptr<Receiver> receiver) noexcept override {
        receiver->on_done(left_out_error("libcurl", "FILESTORE_WITH_S3 or FILESTORE_WITH_SQLITE"));
    }
    void close() noexcept override {}
};

}  // namespace

std::shared_ptr<Transport> make_curl_transport(const TransportOptions&) {
    return std::make_shared<NoTransport>();
}

}  // namespace filestore::http
