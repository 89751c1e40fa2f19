#pragma once

/// What an S3 server keeps, as far as this client asks for it: objects, uploads in parts of any size, tags. It does at once and whole what it is asked for, or
/// nothing, and keeps a record of what it did. The proof of anything about real servers is the conformance suite's; this one exists for what
/// they will not do: lose an answer at a chosen byte.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "s3/protocol/uri.h"

namespace filestore::test {

/// A request, received whole. A value.
struct ModelRequest {
    std::string method;
    /// Decoded; without the bucket.
    std::string key;
    /// Decoded.
    std::map<std::string, std::string> query;
    /// Names in lower case.
    std::map<std::string, std::string> headers;
    /// As it was sent.
    std::string body;

    /// As S3 calls it: "PutObject", "CompleteMultipartUpload". "Unknown" where this server knows no such thing.
    [[nodiscard]] std::string operation() const;
    /// Empty where there is none.
    [[nodiscard]] std::string header(const std::string& name) const;
};

/// A value.
struct ModelAnswer {
    int status = 200;
    std::vector<s3::NameValue> headers;
    std::string body;
};

[[nodiscard]] ModelAnswer model_error(int status, std::string_view code);

/// A value.
struct ModelObject {
    std::string bytes;
    /// With quotes.
    std::string etag;
    /// What was stored with it and is sent with it: content-type, x-amz-meta-*, checksums.
    std::map<std::string, std::string> headers;
    std::map<std::string, std::string> tags;
};

/// A value.
struct ModelUpload {
    std::string key;
    std::map<std::string, std::string> headers;
    struct Part {
        std::string bytes;
        std::string etag;
    };
    std::map<unsigned, Part> parts;
};

/// A value; one thread at a time.
class ModelStore {
public:
    [[nodiscard]] ModelAnswer answer(const ModelRequest& request);

    std::map<std::string, ModelObject> objects;
    /// By their ID.
    std::map<std::string, ModelUpload> uploads;
    /// Every object that ever became visible under a key, oldest first.
    std::map<std::string, std::vector<std::string>> published;
    /// What was sent wrongly: bodies that are not what their headers say, requests of an unknown kind. Never a client's right.
    std::vector<std::string> offences;

private:
    [[nodiscard]] ModelAnswer put(const ModelRequest& request);
    [[nodiscard]] ModelAnswer get(const ModelRequest& request);
    [[nodiscard]] ModelAnswer remove(const ModelRequest& request);
    [[nodiscard]] ModelAnswer remove_batch(const ModelRequest& request);
    [[nodiscard]] ModelAnswer copy(const ModelRequest& request);
    [[nodiscard]] ModelAnswer list(const ModelRequest& request) const;
    [[nodiscard]] ModelAnswer create_upload(const ModelRequest& request);
    [[nodiscard]] ModelAnswer put_part(const ModelRequest& request);
    [[nodiscard]] ModelAnswer copy_part(const ModelRequest& request);
    [[nodiscard]] ModelAnswer complete(const ModelRequest& request);
    [[nodiscard]] ModelAnswer abort(const ModelRequest& request);
    [[nodiscard]] ModelAnswer list_uploads() const;
    [[nodiscard]] ModelAnswer list_parts(const ModelRequest& request) const;
    [[nodiscard]] ModelAnswer get_tags(const ModelRequest& request) const;
    [[nodiscard]] ModelAnswer put_tags(const ModelRequest& request);

    /// What a condition of the request fails with.
    [[nodiscard]] std::optional<ModelAnswer> refusal(const ModelRequest& request) const;
    /// The body without framing; nothing, and an offence, where it is not what the headers say.
    [[nodiscard]] std::optional<std::string> body_of(const ModelRequest& request);
    void publish(const std::string& key, ModelObject object);

    std::uint64_t uploads_begun_ = 0;
};

}  // namespace filestore::test
