#include "http/curl_transport.h"

#include <algorithm>
#include <vector>

#include "http/event_loop.h"
#include "http/name_lookups.h"

namespace filestore::http {

namespace {

class CurlTransport final : public Transport {
public:
    explicit CurlTransport(TransportOptions options)
        : names_(std::make_shared<NameLookups>(options.dns_cache_time)) {
        const auto caches = std::make_shared<SharedCaches>();
        // Each loop has its share of the connections, and needs one.
        options.event_loops = std::clamp(options.event_loops, 1U, std::max(1U, options.max_connections));
        for (unsigned i = 0; i < options.event_loops; ++i) {
            loops_.push_back(std::make_unique<EventLoop>(options, caches, names_));
        }
    }

    /// Small requests share the first loop and its connections; a bulk transfer takes the loop with the least to do.
    void send(Request request, std::shared_ptr<Receiver> receiver) noexcept override {
        EventLoop* loop = loops_.front().get();
        if (request.bulk) {
            loop = std::min_element(loops_.begin(), loops_.end(), [](const auto& a, const auto& b) {
                       return a->load() < b->load();
                   })->get();
            request.others = loop->load();
        }
        loop->send(std::move(request), receiver);
    }

    void close() noexcept override {
        for (const auto& loop : loops_) {
            loop->close();
        }
        names_->close();
    }

private:
    std::shared_ptr<NameLookups> names_;
    std::vector<std::unique_ptr<EventLoop>> loops_;
};

}  // namespace

std::shared_ptr<Transport> make_curl_transport(const TransportOptions& options) {
    return std::make_shared<CurlTransport>(options);
}

}  // namespace filestore::http
