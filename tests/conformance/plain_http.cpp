#include "conformance/plain_http.h"

#include <future>
#include <memory>
#include <utility>

#include "http/curl_transport.h"

namespace filestore::test {

namespace {

constexpr std::string_view boundary = "boundary-7d0f3c51";

class Keeper final : public http::Receiver {
public:
    Result<void> on_head(const http::ResponseHead& head) override {
        answer_.status = head.status;
        answer_.head = head;
        return {};
    }
    Result<IoStep> on_body(std::span<const std::byte> bytes, const Wake&) override {
        answer_.body.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        return IoStep{bytes.size(), false};
    }
    void on_done(Result<void> outcome) noexcept override {
        if (!outcome.ok()) {
            answer_.status = -1;
        }
        done_.set_value(answer_);
    }
    [[nodiscard]] std::future<PlainAnswer> answer() { return done_.get_future(); }

private:
    PlainAnswer answer_;
    std::promise<PlainAnswer> done_;
};

std::string form_part(const std::string& name, const std::string& value) {
    return "--" + std::string(boundary) + "\r\nContent-Disposition: form-data; name=\"" + name +
           "\"\r\n\r\n" + value + "\r\n";
}

}  // namespace

PlainAnswer ask(const TestStore& store, http::Method method, const std::string& url, std::string body,
                std::vector<http::Header> headers) {
    http::TransportOptions options;
    options.reactor = std::make_shared<Reactor>();
    options.ca_file = store.options().s3.ca_file;
    const auto transport = http::make_curl_transport(options);
    const auto keeper = std::make_shared<Keeper>();
    auto answer = keeper->answer();
    http::Request request;
    request.method = method;
    request.url = url;
    request.headers = std::move(headers);
    request.body_size = body.size();
    request.body = source_from_string(std::move(body));
    transport->send(std::move(request), keeper);
    return answer.get();
}

std::string header_of(const TestStore& store, ClientOnStore& client, const std::string& name,
                      std::string_view header) {
    S3PresignRequest request;
    request.bucket = client.bucket();
    request.key = client.key(name);
    request.method = PresignMethod::head;
    const PresignedUrl url = ClientOnStore::required(client->presign(request));
    return std::string(ask(store, http::Method::head, url.url).head.header(header));
}

PlainAnswer submit(const TestStore& store, const S3PresignedPost& form, const std::vector<S3Field>& fields,
                   const std::string& file) {
    std::string body;
    for (const S3Field& field : fields) {
        body += form_part(field.name, field.value);
    }
    body += "--" + std::string(boundary) +
            "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"picked\"\r\nContent-Type: "
            "application/octet-stream\r\n\r\n" +
            file + "\r\n--" + std::string(boundary) + "--\r\n";
    return ask(store, http::Method::post, form.url, std::move(body),
               {{"Content-Type", "multipart/form-data; boundary=" + std::string(boundary)}});
}

}  // namespace filestore::test
