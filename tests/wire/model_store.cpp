#include "wire/model_store.h"

#include <algorithm>
#include <charconv>

#include "core/checksum/checksum.h"
#include "core/digest.h"
#include "core/encoding.h"
#include "filestore/checksum.h"

namespace filestore::test {

namespace {

constexpr std::string_view last_modified = "Sat, 31 Jan 2026 11:00:00 GMT";
constexpr std::string_view initiated = "2026-01-31T11:00:00.000Z";

std::string quoted_md5(std::string_view bytes) {
    return '"' + to_hex(md5(bytes)) + '"';
}

std::string unquoted(std::string_view text) {
    const bool has_quotes = text.size() >= 2 && text.front() == '"' && text.back() == '"';
    return std::string(has_quotes ? text.substr(1, text.size() - 2) : text);
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
        text.replace(at, from.size(), to);
    }
    return text;
}

std::string xml_decoded(std::string text) {
    for (const auto& [entity, character] :
         {std::pair("&quot;", "\""), std::pair("&lt;", "<"), std::pair("&gt;", ">"), std::pair("&apos;", "'"),
          std::pair("&#34;", "\""), std::pair("&amp;", "&")}) {
        text = replaced(std::move(text), entity, character);
    }
    return text;
}

std::string xml_encoded(std::string text) {
    return replaced(replaced(replaced(std::move(text), "&", "&amp;"), "<", "&lt;"), ">", "&gt;");
}

/// What stands in each <name>; such elements do not hold one another.
std::vector<std::string> elements(std::string_view xml, std::string_view name) {
    const std::string begin = '<' + std::string(name) + '>';
    const std::string end = "</" + std::string(name) + '>';
    std::vector<std::string> found;
    for (std::size_t at = xml.find(begin); at != std::string_view::npos; at = xml.find(begin, at)) {
        at += begin.size();
        const std::size_t close = xml.find(end, at);
        if (close == std::string_view::npos) {
            break;
        }
        found.emplace_back(xml.substr(at, close - at));
    }
    return found;
}

std::string element(std::string_view xml, std::string_view name) {
    const auto found = elements(xml, name);
    return found.empty() ? std::string() : xml_decoded(found.front());
}

std::uint64_t number_of(std::string_view text, int base = 10) {
    std::uint64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number, base);
    return number;
}

std::string tag(std::string_view name, std::string_view text) {
    return '<' + std::string(name) + '>' + std::string(text) + "</" + std::string(name) + '>';
}

ModelAnswer document(std::string_view root, const std::string& content) {
    return {200, {}, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>" + tag(root, content)};
}

/// The body of an `aws-chunked` request and what its trailer says; nothing where the framing is wrong.
struct Unframed {
    std::string body;
    std::string trailer_name;
    std::string trailer_value;
};
std::optional<Unframed> unframed(std::string_view framed) {
    Unframed result;
    while (true) {
        const std::size_t end = framed.find("\r\n");
        if (end == std::string_view::npos) {
            return std::nullopt;
        }
        const std::uint64_t size = number_of(framed.substr(0, end), 16);
        framed.remove_prefix(end + 2);
        if (size == 0) {
            break;
        }
        if (framed.size() < size + 2 || framed.substr(size, 2) != "\r\n") {
            return std::nullopt;
        }
        result.body += framed.substr(0, size);
        framed.remove_prefix(size + 2);
    }
    const std::size_t colon = framed.find(':');
    const std::size_t end = framed.find("\r\n\r\n");
    if (colon == std::string_view::npos || end == std::string_view::npos || end + 4 != framed.size()) {
        return std::nullopt;
    }
    result.trailer_name = framed.substr(0, colon);
    result.trailer_value = framed.substr(colon + 1, end - colon - 1);
    return result;
}

constexpr std::string_view checksum_prefix = "x-amz-checksum-";

/// Whether `text` is the checksum of the bytes that the header `name` announces.
bool is_checksum(const std::string& name, const std::string& text, std::string_view bytes) {
    const auto algorithm = parse_checksum_algorithm(name.substr(checksum_prefix.size()));
    return !algorithm.ok() ||
           checksum_of(*algorithm, std::as_bytes(std::span(bytes.data(), bytes.size()))).text() == text;
}

const std::string encryption_header = "x-amz-server-side-encryption";

bool is_kept(const std::string& name) {
    return name == "content-type" || name == "cache-control" || name == encryption_header ||
           name.starts_with("x-amz-meta-");
}

/// Says that it encrypts, where that was asked for.
ModelAnswer with_encryption(ModelAnswer answer, const ModelRequest& request) {
    if (const std::string asked = request.header(encryption_header); !asked.empty()) {
        answer.headers.push_back({encryption_header, asked});
    }
    return answer;
}

std::map<std::string, std::string> kept_headers(const ModelRequest& request) {
    std::map<std::string, std::string> kept;
    std::copy_if(request.headers.begin(), request.headers.end(), std::inserter(kept, kept.end()),
                 [](const auto& header) { return is_kept(header.first); });
    return kept;
}

/// "/bucket/key" of x-amz-copy-source, percent-decoded.
std::string copied_key(const std::string& source) {
    std::string decoded;
    for (std::size_t i = 0; i < source.size(); ++i) {
        if (source[i] == '%' && i + 2 < source.size()) {
            decoded += static_cast<char>(number_of(std::string_view(source).substr(i + 1, 2), 16));
            i += 2;
        } else {
            decoded += source[i];
        }
    }
    return decoded.substr(decoded.find('/', 1) + 1);
}

}  // namespace

ModelAnswer model_error(int status, std::string_view code) {
    ModelAnswer answer =
        document("Error", tag("Code", code) + tag("Message", "Said by the model") + tag("RequestId", "R1"));
    answer.status = status;
    return answer;
}

std::string ModelRequest::header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string() : found->second;
}

std::string ModelRequest::operation() const {
    const bool has_upload = query.contains("uploadId");
    const bool copies = headers.contains("x-amz-copy-source");
    if (key.empty()) {
        if (method == "POST" && query.contains("delete")) {
            return "DeleteObjects";
        }
        if (method == "GET" && query.contains("uploads")) {
            return "ListMultipartUploads";
        }
        return method == "GET" && query.contains("list-type") ? "ListObjectsV2" : "Unknown";
    }
    if (query.contains("tagging")) {
        return method == "GET" ? "GetObjectTagging"
                               : (method == "PUT" ? "PutObjectTagging" : "DeleteObjectTagging");
    }
    if (method == "PUT") {
        if (has_upload) {
            return copies ? "UploadPartCopy" : "UploadPart";
        }
        return copies ? "CopyObject" : "PutObject";
    }
    if (method == "POST") {
        return has_upload ? "CompleteMultipartUpload"
                          : (query.contains("uploads") ? "CreateMultipartUpload" : "Unknown");
    }
    if (method == "GET") {
        return has_upload ? "ListParts" : "GetObject";
    }
    if (method == "DELETE") {
        return has_upload ? "AbortMultipartUpload" : "DeleteObject";
    }
    return method == "HEAD" ? "HeadObject" : "Unknown";
}

ModelAnswer ModelStore::answer(const ModelRequest& request) {
    using Handler = ModelAnswer (*)(ModelStore&, const ModelRequest&);
    static const std::map<std::string, Handler> handlers = {
        {"AbortMultipartUpload", [](ModelStore& s, const ModelRequest& r) { return s.abort(r); }},
        {"CompleteMultipartUpload", [](ModelStore& s, const ModelRequest& r) { return s.complete(r); }},
        {"CopyObject", [](ModelStore& s, const ModelRequest& r) { return s.copy(r); }},
        {"CreateMultipartUpload", [](ModelStore& s, const ModelRequest& r) { return s.create_upload(r); }},
        {"DeleteObject", [](ModelStore& s, const ModelRequest& r) { return s.remove(r); }},
        {"DeleteObjectTagging", [](ModelStore& s, const ModelRequest& r) { return s.put_tags(r); }},
        {"DeleteObjects", [](ModelStore& s, const ModelRequest& r) { return s.remove_batch(r); }},
        {"GetObject", [](ModelStore& s, const ModelRequest& r) { return s.get(r); }},
        {"GetObjectTagging", [](ModelStore& s, const ModelRequest& r) { return s.get_tags(r); }},
        {"HeadObject", [](ModelStore& s, const ModelRequest& r) { return s.get(r); }},
        {"ListMultipartUploads", [](ModelStore& s, const ModelRequest&) { return s.list_uploads(); }},
        {"ListObjectsV2", [](ModelStore& s, const ModelRequest& r) { return s.list(r); }},
        {"ListParts", [](ModelStore& s, const ModelRequest& r) { return s.list_parts(r); }},
        {"PutObject", [](ModelStore& s, const ModelRequest& r) { return s.put(r); }},
        {"PutObjectTagging", [](ModelStore& s, const ModelRequest& r) { return s.put_tags(r); }},
        {"UploadPart", [](ModelStore& s, const ModelRequest& r) { return s.put_part(r); }},
        {"UploadPartCopy", [](ModelStore& s, const ModelRequest& r) { return s.copy_part(r); }},
    };
    const auto handler = handlers.find(request.operation());
    if (handler == handlers.end()) {
        offences.push_back("an unknown request: " + request.method + ' ' + request.key);
        return model_error(501, "NotImplemented");
    }
    return handler->second(*this, request);
}

std::optional<ModelAnswer> ModelStore::refusal(const ModelRequest& request) const {
    const auto found = objects.find(request.key);
    const std::string wanted = request.header("if-match");
    if (!wanted.empty() && found == objects.end()) {
        return model_error(404, "NoSuchKey");
    }
    if (!wanted.empty() && unquoted(wanted) != unquoted(found->second.etag)) {
        return model_error(412, "PreconditionFailed");
    }
    if (request.header("if-none-match") == "*" && found != objects.end()) {
        return model_error(412, "PreconditionFailed");
    }
    return std::nullopt;
}

std::optional<std::string> ModelStore::body_of(const ModelRequest& request) {
    std::string body = request.body;
    if (request.header("content-encoding").starts_with("aws-chunked")) {
        auto parts = unframed(request.body);
        const bool whole =
            parts && parts->body.size() == number_of(request.header("x-amz-decoded-content-length"));
        if (!whole || !is_checksum(parts->trailer_name, parts->trailer_value, parts->body)) {
            offences.push_back("a wrong aws-chunked body of " + request.key);
            return std::nullopt;
        }
        body = std::move(parts->body);
    }
    const std::string hash = request.header("x-amz-content-sha256");
    if (hash.size() == 64 && hash != to_hex(sha256(request.body))) {
        offences.push_back("another SHA-256 than the body of " + request.key);
        return std::nullopt;
    }
    for (const auto& [name, value] : request.headers) {
        if (name.starts_with(checksum_prefix) && request.operation() != "CompleteMultipartUpload" &&
            !is_checksum(name, value, body)) {
            offences.push_back("another " + name + " than the body of " + request.key);
            return std::nullopt;
        }
    }
    return body;
}

void ModelStore::publish(const std::string& key, ModelObject object) {
    published[key].push_back(object.bytes);
    objects[key] = std::move(object);
}

ModelAnswer ModelStore::put(const ModelRequest& request) {
    auto body = body_of(request);
    if (!body) {
        return model_error(400, "BadDigest");
    }
    if (auto refused = refusal(request)) {
        return *refused;
    }
    const std::string etag = quoted_md5(*body);
    publish(request.key, {std::move(*body), etag, kept_headers(request), {}});
    return with_encryption({200, {{"ETag", etag}}, ""}, request);
}

ModelAnswer ModelStore::get(const ModelRequest& request) {
    if (auto refused = refusal(request)) {
        return *refused;
    }
    const auto found = objects.find(request.key);
    if (found == objects.end()) {
        return model_error(404, "NoSuchKey");
    }
    const ModelObject& object = found->second;
    ModelAnswer answer{
        200, {{"ETag", object.etag}, {"Last-Modified", std::string(last_modified)}}, object.bytes};
    for (const auto& [name, value] : object.headers) {
        answer.headers.push_back({name, value});
    }
    const std::string range = request.header("range");
    if (range.starts_with("bytes=")) {
        const std::size_t dash = range.find('-');
        const std::uint64_t size = object.bytes.size();
        const std::uint64_t first = number_of(std::string_view(range).substr(6, dash - 6));
        if (first >= size) {
            return model_error(416, "InvalidRange");
        }
        const std::string_view end = std::string_view(range).substr(dash + 1);
        const std::uint64_t last = end.empty() ? size - 1 : std::min(number_of(end), size - 1);
        answer.status = 206;
        answer.body = object.bytes.substr(first, last - first + 1);
        answer.headers.push_back({"Content-Range", "bytes " + std::to_string(first) + '-' +
                                                       std::to_string(last) + '/' + std::to_string(size)});
    }
    return answer;
}

ModelAnswer ModelStore::remove(const ModelRequest& request) {
    if (auto refused = refusal(request)) {
        return *refused;
    }
    objects.erase(request.key);
    return {204, {}, ""};
}

ModelAnswer ModelStore::remove_batch(const ModelRequest& request) {
    if (!body_of(request)) {
        return model_error(400, "BadDigest");
    }
    std::string removed;
    for (const std::string& object : elements(request.body, "Object")) {
        const std::string key = element(object, "Key");
        objects.erase(key);
        removed += tag("Deleted", tag("Key", xml_encoded(key)));
    }
    return document("DeleteResult", removed);
}

ModelAnswer ModelStore::copy(const ModelRequest& request) {
    const auto source = objects.find(copied_key(request.header("x-amz-copy-source")));
    if (source == objects.end()) {
        return model_error(404, "NoSuchKey");
    }
    ModelObject copied = source->second;
    if (request.header("x-amz-metadata-directive") == "REPLACE") {
        copied.headers = kept_headers(request);
    }
    copied.etag = quoted_md5(copied.bytes);
    const std::string etag = copied.etag;
    publish(request.key, std::move(copied));
    return document("CopyObjectResult", tag("ETag", etag) + tag("LastModified", initiated));
}

ModelAnswer ModelStore::list(const ModelRequest& request) const {
    const auto value_of = [&](const std::string& name) {
        const auto found = request.query.find(name);
        return found == request.query.end() ? std::string() : found->second;
    };
    const std::string prefix = value_of("prefix");
    const std::string after = std::max(value_of("continuation-token"), value_of("start-after"));
    const std::uint64_t limit = number_of(value_of("max-keys"));
    std::string contents;
    std::string last;
    std::uint64_t count = 0;
    bool truncated = false;
    for (const auto& [key, object] : objects) {
        if (!key.starts_with(prefix) || (!after.empty() && key <= after)) {
            continue;
        }
        if (count == limit) {
            truncated = true;
            break;
        }
        ++count;
        last = key;
        contents += tag("Contents", tag("Key", s3::uri_encode(key, s3::Slash::keep)) +
                                        tag("LastModified", initiated) + tag("ETag", object.etag) +
                                        tag("Size", std::to_string(object.bytes.size())));
    }
    return document("ListBucketResult",
                    tag("EncodingType", "url") + tag("IsTruncated", truncated ? "true" : "false") +
                        (truncated ? tag("NextContinuationToken", xml_encoded(last)) : "") + contents);
}

ModelAnswer ModelStore::create_upload(const ModelRequest& request) {
    const std::string id = "upload-" + std::to_string(++uploads_begun_);
    uploads[id] = {request.key, kept_headers(request), {}};
    return with_encryption(
        document("InitiateMultipartUploadResult", tag("Key", xml_encoded(request.key)) + tag("UploadId", id)),
        request);
}

ModelAnswer ModelStore::put_part(const ModelRequest& request) {
    auto body = body_of(request);
    if (!body) {
        return model_error(400, "BadDigest");
    }
    const auto upload = uploads.find(request.query.at("uploadId"));
    if (upload == uploads.end()) {
        return model_error(404, "NoSuchUpload");
    }
    const std::string etag = quoted_md5(*body);
    upload->second.parts[static_cast<unsigned>(number_of(request.query.at("partNumber")))] = {
        std::move(*body), etag};
    return {200, {{"ETag", etag}}, ""};
}

ModelAnswer ModelStore::copy_part(const ModelRequest& request) {
    const auto source = objects.find(copied_key(request.header("x-amz-copy-source")));
    if (source == objects.end()) {
        return model_error(404, "NoSuchKey");
    }
    const std::string wanted = request.header("x-amz-copy-source-if-match");
    if (!wanted.empty() && unquoted(wanted) != unquoted(source->second.etag)) {
        return model_error(412, "PreconditionFailed");
    }
    const auto upload = uploads.find(request.query.at("uploadId"));
    if (upload == uploads.end()) {
        return model_error(404, "NoSuchUpload");
    }
    const std::string range = request.header("x-amz-copy-source-range");
    const std::size_t dash = range.find('-');
    const std::uint64_t first = number_of(std::string_view(range).substr(6, dash - 6));
    const std::uint64_t last = number_of(std::string_view(range).substr(dash + 1));
    std::string bytes = source->second.bytes.substr(first, last - first + 1);
    const std::string etag = quoted_md5(bytes);
    upload->second.parts[static_cast<unsigned>(number_of(request.query.at("partNumber")))] = {
        std::move(bytes), etag};
    return document("CopyPartResult", tag("ETag", etag) + tag("LastModified", initiated));
}

ModelAnswer ModelStore::complete(const ModelRequest& request) {
    if (!body_of(request)) {
        return model_error(400, "BadDigest");
    }
    const std::string& id = request.query.at("uploadId");
    const auto upload = uploads.find(id);
    if (upload == uploads.end()) {
        return model_error(404, "NoSuchUpload");
    }
    if (auto refused = refusal(request)) {
        return *refused;
    }
    ModelObject object;
    Md5 sums;
    unsigned last = 0;
    for (const std::string& named : elements(request.body, "Part")) {
        const auto number = static_cast<unsigned>(number_of(element(named, "PartNumber")));
        const auto part = upload->second.parts.find(number);
        if (number <= last || part == upload->second.parts.end() ||
            unquoted(part->second.etag) != unquoted(element(named, "ETag"))) {
            offences.push_back("a wrong list of parts of " + request.key);
            return model_error(400, "InvalidPart");
        }
        last = number;
        object.bytes += part->second.bytes;
        const auto sum = md5(part->second.bytes);
        sums.update(sum);
    }
    object.etag = '"' + to_hex(sums.finish()) + '-' + std::to_string(last) + '"';
    object.headers = upload->second.headers;
    const std::string etag = object.etag;
    publish(request.key, std::move(object));
    uploads.erase(id);
    return document("CompleteMultipartUploadResult",
                    tag("Key", xml_encoded(request.key)) + tag("ETag", etag));
}

ModelAnswer ModelStore::abort(const ModelRequest& request) {
    return uploads.erase(request.query.at("uploadId")) == 0 ? model_error(404, "NoSuchUpload")
                                                            : ModelAnswer{204, {}, ""};
}

ModelAnswer ModelStore::list_uploads() const {
    std::string listed;
    for (const auto& [id, upload] : uploads) {
        listed += tag("Upload", tag("Key", s3::uri_encode(upload.key, s3::Slash::keep)) +
                                    tag("UploadId", id) + tag("Initiated", initiated));
    }
    return document("ListMultipartUploadsResult",
                    tag("EncodingType", "url") + tag("IsTruncated", "false") + listed);
}

ModelAnswer ModelStore::list_parts(const ModelRequest& request) const {
    const auto upload = uploads.find(request.query.at("uploadId"));
    if (upload == uploads.end()) {
        return model_error(404, "NoSuchUpload");
    }
    std::string listed;
    for (const auto& [number, part] : upload->second.parts) {
        listed += tag("Part", tag("PartNumber", std::to_string(number)) + tag("ETag", part.etag) +
                                  tag("Size", std::to_string(part.bytes.size())));
    }
    return document("ListPartsResult", tag("IsTruncated", "false") + listed);
}

ModelAnswer ModelStore::get_tags(const ModelRequest& request) const {
    const auto found = objects.find(request.key);
    if (found == objects.end()) {
        return model_error(404, "NoSuchKey");
    }
    std::string tags;
    for (const auto& [name, value] : found->second.tags) {
        tags += tag("Tag", tag("Key", xml_encoded(name)) + tag("Value", xml_encoded(value)));
    }
    return document("Tagging", tag("TagSet", tags));
}

ModelAnswer ModelStore::put_tags(const ModelRequest& request) {
    const auto found = objects.find(request.key);
    if (found == objects.end()) {
        return model_error(404, "NoSuchKey");
    }
    found->second.tags.clear();
    for (const std::string& named : elements(request.body, "Tag")) {
        found->second.tags[element(named, "Key")] = element(named, "Value");
    }
    return {request.method == "DELETE" ? 204 : 200, {}, ""};
}

}  // namespace filestore::test
