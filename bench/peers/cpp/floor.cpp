/// The floor: libcurl told to send what has to be sent, and nothing else, with a handle for each of the calls that go on at a time (mode=threads), or all on one
/// multi handle (mode=multi). What a request needs is made before it, without allocations but those of libcurl.

#include <curl/curl.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <unistd.h>

#include <array>
#include <ctime>
#include <memory>
#include <span>

#include "measure.h"

namespace {

using measure::Clock;
using measure::Job;

constexpr std::size_t large_body = std::size_t{64} << 10U;
constexpr long large_buffer = 512L << 10U;
constexpr std::string_view hash_of_nothing =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

using Digest = std::array<unsigned char, 32>;

/// Of fixed room: nothing is allocated.
class Text {
public:
    void clear() { size_ = 0; }
    Text& operator<<(std::string_view text) {
        const std::size_t room = characters_.size() - 1 - size_;
        const std::size_t taken = std::min(room, text.size());
        std::memcpy(characters_.data() + size_, text.data(), taken);
        size_ += taken;
        characters_[size_] = '\0';
        return *this;
    }
    Text& operator<<(const Digest& digest) {
        constexpr std::string_view digits = "0123456789abcdef";
        for (const unsigned char byte : digest) {
            const char pair[] = {digits[byte >> 4U], digits[byte & 15U]};
            *this << std::string_view(pair, 2);
        }
        return *this;
    }
    [[nodiscard]] std::string_view view() const { return {characters_.data(), size_}; }
    [[nodiscard]] char* c_str() { return characters_.data(); }

private:
    std::array<char, 1024> characters_{};
    std::size_t size_ = 0;
};

Digest sha256(std::string_view bytes) {
    Digest digest{};
    ::EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
    return digest;
}

Digest hmac(std::span<const unsigned char> key, std::string_view bytes) {
    Digest digest{};
    ::HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data(), nullptr);
    return digest;
}

/// Signature version 4 with three signed headers.
class Signer {
public:
    explicit Signer(const Job& job) : job_(job), host_(job.host()) {
        const std::time_t now = std::time(nullptr);
        std::tm parts{};
        ::gmtime_r(&now, &parts);
        std::array<char, 17> text{};
        std::strftime(text.data(), text.size(), "%Y%m%dT%H%M%SZ", &parts);
        time_ = text.data();
        scope_ = time_.substr(0, 8) + "/" + measure::region + "/s3/aws4_request";
        const std::string secret = "AWS4" + job.secret_key;
        key_ =
            hmac({reinterpret_cast<const unsigned char*>(secret.data()), secret.size()}, time_.substr(0, 8));
        for (const std::string_view step : {measure::region, "s3", "aws4_request"}) {
            key_ = hmac(key_, step);
        }
    }

    void sign(std::string_view method, std::string_view path, std::string_view hash,
              Text& authorization) const {
        constexpr std::string_view names = "host;x-amz-content-sha256;x-amz-date";
        Text request;
        request << method << "\n" << path << "\n\nhost:" << host_;
        request << "\nx-amz-content-sha256:" << hash << "\nx-amz-date:" << time_ << "\n\n"
                << names << "\n"
                << hash;
        Text to_sign;
        to_sign << "AWS4-HMAC-SHA256\n" << time_ << "\n" << scope_ << "\n" << sha256(request.view());
        authorization.clear();
        authorization << "Authorization: AWS4-HMAC-SHA256 Credential=" << job_.access_key << "/" << scope_;
        authorization << ", SignedHeaders=" << names << ", Signature=" << hmac(key_, to_sign.view());
    }

    [[nodiscard]] const std::string& time() const { return time_; }

private:
    const Job& job_;
    std::string host_;
    std::string time_;
    std::string scope_;
    Digest key_{};
};

/// One easy handle and what its request is made of.
class Transfer {
public:
    Transfer(const Job& job, const Signer& signer, std::string_view payload)
        : job_(job), signer_(signer), payload_(payload), handle_(curl_easy_init()) {
        set_up();
    }
    Transfer(const Transfer&) = delete;
    Transfer& operator=(const Transfer&) = delete;
    ~Transfer() { curl_easy_cleanup(handle_); }

    void prepare(std::size_t number_of_call) {
        number = number_of_call;
        sent_ = 0;
        received_ = 0;
        path_.clear();
        path_ << "/" << job_.bucket << "/" << job_.key(number);
        url_.clear();
        url_ << job_.endpoint << path_.view();
        curl_easy_setopt(handle_, CURLOPT_URL, url_.c_str());
        signed_hash_.clear();
        if (job_.signed_payload && job_.operation == "put") {
            signed_hash_ << sha256(payload_);
        } else {
            signed_hash_ << (job_.operation == "put" ? "UNSIGNED-PAYLOAD" : hash_of_nothing);
        }
        hash_line_.clear();
        hash_line_ << "x-amz-content-sha256: " << signed_hash_.view();
        signer_.sign(method_, path_.view(), signed_hash_.view(), authorization_);
        open_file();
    }

    [[nodiscard]] bool finish(CURLcode code) {
        long status = 0;
        curl_easy_getinfo(handle_, CURLINFO_RESPONSE_CODE, &status);
        if (file_ >= 0) {
            ::close(file_);
            file_ = -1;
        }
        return code == CURLE_OK && status / 100 == 2 && (job_.operation != "get" || received_ == job_.size);
    }

    [[nodiscard]] CURL* handle() const { return handle_; }

    std::size_t number = 0;
    Clock::time_point started{};

private:
    void set_up() {
        curl_easy_setopt(handle_, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(handle_, CURLOPT_TCP_NODELAY, 1L);
        curl_easy_setopt(handle_, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
        curl_easy_setopt(handle_, CURLOPT_PRIVATE, this);
        curl_easy_setopt(handle_, CURLOPT_WRITEFUNCTION, &Transfer::write);
        curl_easy_setopt(handle_, CURLOPT_WRITEDATA, this);
        if (const char* const authority = std::getenv("SSL_CERT_FILE")) {
            curl_easy_setopt(handle_, CURLOPT_CAINFO, authority);
        }
        if (job_.size > large_body) {
            curl_easy_setopt(handle_, CURLOPT_BUFFERSIZE, large_buffer);
            curl_easy_setopt(handle_, CURLOPT_UPLOAD_BUFFERSIZE, large_buffer);
        }
        if (job_.operation == "put") {
            method_ = "PUT";
            curl_easy_setopt(handle_, CURLOPT_UPLOAD, 1L);
            curl_easy_setopt(handle_, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(job_.size));
            curl_easy_setopt(handle_, CURLOPT_READFUNCTION, &Transfer::read);
            curl_easy_setopt(handle_, CURLOPT_READDATA, this);
        } else if (job_.operation == "head") {
            method_ = "HEAD";
            curl_easy_setopt(handle_, CURLOPT_NOBODY, 1L);
        } else if (job_.operation == "delete") {
            method_ = "DELETE";
            curl_easy_setopt(handle_, CURLOPT_CUSTOMREQUEST, "DELETE");
        }
        date_line_ << "x-amz-date: " << signer_.time();
        const std::array lines{hash_line_.c_str(), date_line_.c_str(), authorization_.c_str(),
                               expect_.data()};
        for (std::size_t at = 0; at < lines_.size(); ++at) {
            lines_[at] = {lines[at], at + 1 < lines_.size() ? &lines_[at + 1] : nullptr};
        }
        curl_easy_setopt(handle_, CURLOPT_HTTPHEADER, lines_.data());
    }

    void open_file() {
        if (job_.file.empty()) {
            return;
        }
        file_ = job_.operation == "put"
                    ? ::open(job_.file.c_str(), O_RDONLY | O_CLOEXEC)
                    : ::open(job_.file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (file_ < 0) {
            measure::give_up("cannot open " + job_.file);
        }
    }

    static std::size_t read(char* into, std::size_t size, std::size_t count, void* self) {
        auto& transfer = *static_cast<Transfer*>(self);
        if (transfer.file_ >= 0) {
            const ssize_t got = ::read(transfer.file_, into, size * count);
            return got < 0 ? CURL_READFUNC_ABORT : static_cast<std::size_t>(got);
        }
        const std::string_view piece = transfer.payload_.substr(transfer.sent_, size * count);
        std::memcpy(into, piece.data(), piece.size());
        transfer.sent_ += piece.size();
        return piece.size();
    }

    static std::size_t write(char* data, std::size_t size, std::size_t count, void* self) {
        auto& transfer = *static_cast<Transfer*>(self);
        std::string_view left(data, size * count);
        transfer.received_ += left.size();
        while (transfer.file_ >= 0 && !left.empty()) {
            const ssize_t put = ::write(transfer.file_, left.data(), left.size());
            if (put <= 0) {
                return 0;
            }
            left.remove_prefix(static_cast<std::size_t>(put));
        }
        return size * count;
    }

    const Job& job_;
    const Signer& signer_;
    std::string_view payload_;
    std::string_view method_ = "GET";
    CURL* handle_;
    Text path_;
    Text url_;
    Text signed_hash_;
    Text hash_line_;
    Text date_line_;
    Text authorization_;
    std::array<char, 8> expect_{"Expect:"};
    std::array<curl_slist, 4> lines_{};
    int file_ = -1;
    std::size_t sent_ = 0;
    std::size_t received_ = 0;
};

void run_on_one_multi(const Job& job, std::vector<std::unique_ptr<Transfer>>& transfers) {
    measure::Meter meter(job);
    meter.start();
    CURLM* const multi = curl_multi_init();
    std::size_t next = 0;
    std::size_t finished = 0;
    const auto begin = [&](Transfer& transfer) {
        transfer.started = Clock::now();
        transfer.prepare(next++);
        curl_multi_add_handle(multi, transfer.handle());
    };
    for (auto& transfer : transfers) {
        if (next < job.count) {
            begin(*transfer);
        }
    }
    while (finished < job.count) {
        int running = 0;
        curl_multi_perform(multi, &running);
        bool any = false;
        int left = 0;
        while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
            any = true;
            Transfer* transfer = nullptr;
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
            const bool succeeded = transfer->finish(message->data.result);
            curl_multi_remove_handle(multi, transfer->handle());
            meter.answered(transfer->number, transfer->started, succeeded);
            ++finished;
            if (next < job.count) {
                begin(*transfer);
            }
        }
        if (!any && finished < job.count) {
            curl_multi_poll(multi, nullptr, 0, 1000, nullptr);
        }
    }
    meter.print();
    curl_multi_cleanup(multi);
}

}  // namespace

int main(int count, char** words) {
    const Job job = measure::job_of(count, words);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    const std::string payload = measure::payload_of(job);
    const Signer signer(job);
    std::vector<std::unique_ptr<Transfer>> transfers;
    for (std::size_t at = 0; at < job.concurrency; ++at) {
        transfers.push_back(std::make_unique<Transfer>(job, signer, payload));
    }
    if (job.mode == "multi") {
        run_on_one_multi(job, transfers);
    } else {
        measure::run_threads(job, [&](std::size_t worker, std::size_t number) {
            Transfer& transfer = *transfers[worker];
            transfer.prepare(number);
            return transfer.finish(curl_easy_perform(transfer.handle()));
        });
    }
}
