#include "sink/answers.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <optional>

namespace sink {

namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::string_view etag = "\"d41d8cd98f00b204e9800998ecf8427e\"";
constexpr std::string_view xml_start = R"(<?xml version="1.0" encoding="UTF-8"?>)";
constexpr std::string_view xml_namespace = R"( xmlns="http://s3.amazonaws.com/doc/2006-03-01/")";
constexpr std::uint64_t page_size = 1000;

std::uint64_t number_at(std::string_view text) {
    std::uint64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

bool equal_but_for_case(std::string_view left, std::string_view lower_case) {
    return std::equal(left.begin(), left.end(), lower_case.begin(), lower_case.end(), [](char a, char b) {
        return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
    });
}

/// Cuts the text at the first separator and answers what stands before it.
std::string_view take_until(std::string_view& text, std::string_view separator) {
    const std::size_t end = text.find(separator);
    const std::string_view before = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + separator.size());
    return before;
}

struct ObjectPath {
    std::string_view bucket;
    std::string_view key;
};

ObjectPath split(std::string_view path) {
    path.remove_prefix(std::min<std::size_t>(1, path.size()));
    const std::string_view bucket = take_until(path, "/");
    return {bucket, path};
}

/// `oSIZE-...`
std::optional<std::uint64_t> size_in(std::string_view key) {
    const std::size_t dash = key.find('-');
    if (key.empty() || key[0] != 'o' || dash == std::string_view::npos) {
        return {};
    }
    std::uint64_t size = 0;
    const auto [end, error] = std::from_chars(key.data() + 1, key.data() + dash, size);
    return error == std::errc() && end == key.data() + dash ? std::optional(size) : std::nullopt;
}

const std::string& date_line() {
    static std::time_t second = 0;
    static std::string line;
    const std::time_t now = std::time(nullptr);
    if (now != second) {
        second = now;
        std::tm parts{};
        ::gmtime_r(&now, &parts);
        char text[64];
        line.assign(text, std::strftime(text, sizeof text, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &parts));
    }
    return line;
}

std::string head(std::string_view status) {
    std::string text = "HTTP/1.1 ";
    text.append(status).append("\r\nServer: sink\r\nx-amz-request-id: 1\r\n").append(date_line());
    return text;
}

void end_head(std::string& text, std::uint64_t length) {
    text.append("Content-Length: ").append(std::to_string(length)).append("\r\n\r\n");
}

Answer empty(std::string_view status, std::string_view headers = {}) {
    Answer answer{.text = head(status)};
    answer.text.append(headers);
    end_head(answer.text, 0);
    return answer;
}

Answer document(std::string_view status, const std::string& body, bool without_body = false) {
    Answer answer{.text = head(status)};
    answer.text.append("Content-Type: application/xml\r\n");
    end_head(answer.text, body.size());
    if (!without_body) {
        answer.text.append(body);
    }
    return answer;
}

std::string element(std::string_view name, std::string_view value) {
    std::string text = "<";
    text.append(name).append(">").append(value).append("</").append(name).append(">");
    return text;
}

std::string root(std::string_view name, std::string_view content) {
    std::string text(xml_start);
    text.append("<").append(name).append(xml_namespace).append(">").append(content);
    return text.append("</").append(name).append(">");
}

std::string metadata_lines(const Request& request) {
    std::string lines;
    for (std::string_view rest = request.headers; !rest.empty();) {
        const std::string_view line = take_until(rest, line_end);
        if (equal_but_for_case(line.substr(0, 11), "x-amz-meta-")) {
            lines.append(line).append(line_end);
        }
    }
    return lines;
}

}  // namespace

Request Request::parse(std::string_view head) {
    Request request;
    std::string_view first = take_until(head, line_end);
    request.headers = head;
    request.method = take_until(first, " ");
    std::string_view target = take_until(first, " ");
    request.path = take_until(target, "?");
    request.query = target;
    return request;
}

std::string_view Request::header(std::string_view name) const {
    for (std::string_view rest = headers; !rest.empty();) {
        std::string_view value = take_until(rest, line_end);
        if (equal_but_for_case(take_until(value, ":"), name)) {
            value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
            return value;
        }
    }
    return {};
}

std::string_view Request::parameter(std::string_view name) const {
    for (std::string_view rest = query; !rest.empty();) {
        std::string_view value = take_until(rest, "&");
        if (take_until(value, "=") == name) {
            return value;
        }
    }
    return {};
}

bool Request::has_parameter(std::string_view name) const {
    for (std::string_view rest = query; !rest.empty();) {
        std::string_view parameter = take_until(rest, "&");
        if (take_until(parameter, "=") == name) {
            return true;
        }
    }
    return false;
}

Answer Answers::to(const Request& request, std::string_view body) {
    if (request.method == "PUT") {
        return to_put(request);
    }
    if (request.method == "POST") {
        return to_post(request, body);
    }
    if (request.method == "DELETE") {
        return to_delete(request);
    }
    return split(request.path).key.empty() && request.method == "GET" ? to_list(request) : to_read(request);
}

Answer Answers::to_put(const Request& request) {
    const auto [bucket, key] = split(request.path);
    if (request.has_parameter("partNumber")) {
        count("part");
        return empty("200 OK", "ETag: " + std::string(etag) + "\r\n");
    }
    count("put");
    if (!size_in(key)) {
        const std::string_view decoded = request.header("x-amz-decoded-content-length");
        const std::string_view sent = request.header("content-length");
        stored_[std::string(key)] = {number_at(decoded.empty() ? sent : decoded), metadata_lines(request)};
    }
    return empty("200 OK", "ETag: " + std::string(etag) + "\r\n");
}

Answer Answers::to_post(const Request& request, std::string_view body) {
    const auto [bucket, key] = split(request.path);
    const std::string names = element("Bucket", bucket) + element("Key", key);
    if (request.has_parameter("uploads")) {
        count("begin");
        return document("200 OK",
                        root("InitiateMultipartUploadResult", names + element("UploadId", "upload")));
    }
    if (request.has_parameter("uploadId")) {
        count("complete");
        const std::string place = element("Location", "http://sink/") + names;
        return document("200 OK", root("CompleteMultipartUploadResult", place + element("ETag", etag)));
    }
    count("delete-many");
    std::string deleted;
    while (!body.empty()) {
        take_until(body, "<Key>");
        if (const std::string_view name = take_until(body, "</Key>"); !name.empty()) {
            deleted += element("Deleted", element("Key", name));
        }
    }
    return document("200 OK", root("DeleteResult", deleted));
}

Answer Answers::to_delete(const Request& request) {
    count("delete");
    stored_.erase(std::string(split(request.path).key));
    Answer answer{.text = head("204 No Content")};
    answer.text.append(line_end);
    return answer;
}

Answer Answers::to_read(const Request& request) {
    const auto [bucket, key] = split(request.path);
    const bool head_only = request.method == "HEAD";
    count(head_only ? "head" : "get");
    if (key.empty()) {
        return empty("200 OK", "x-amz-bucket-region: us-east-1\r\n");
    }
    std::optional<std::uint64_t> size = size_in(key);
    std::string metadata;
    if (const auto stored = stored_.find(std::string(key)); !size && stored != stored_.end()) {
        size = stored->second.size;
        metadata = stored->second.metadata;
    }
    if (!size) {
        return document("404 Not Found", root("Error", element("Code", "NoSuchKey")), head_only);
    }
    std::uint64_t from = 0;
    std::uint64_t end = *size;
    std::string_view range = request.header("range");
    const bool partial = !range.empty();
    if (partial) {
        take_until(range, "=");
        from = number_at(take_until(range, "-"));
        end = range.empty() ? end : std::min(end, number_at(range) + 1);
    }
    Answer answer{.text = head(partial ? "206 Partial Content" : "200 OK")};
    answer.text.append("ETag: ").append(etag).append("\r\nLast-Modified: Mon, 23 Nov 2026 00:00:00 GMT\r\n");
    answer.text.append("Accept-Ranges: bytes\r\nContent-Type: application/octet-stream\r\n").append(metadata);
    if (partial) {
        answer.text.append("Content-Range: bytes ").append(std::to_string(from)).append("-");
        answer.text.append(std::to_string(end - 1))
            .append("/")
            .append(std::to_string(*size))
            .append(line_end);
    }
    end_head(answer.text, end - from);
    if (!head_only) {
        answer.content_from = from;
        answer.content_size = end - from;
    }
    return answer;
}

Answer Answers::to_list(const Request& request) {
    if (request.has_parameter("location")) {
        count("location");
        return document("200 OK", root("LocationConstraint", "us-east-1"));
    }
    count("list");
    std::string_view prefix = request.parameter("prefix");
    const std::uint64_t objects = prefix.starts_with('n') ? number_at(prefix.substr(1)) : 0;
    const std::string_view asked = request.parameter("max-keys");
    const std::uint64_t limit = asked.empty() ? page_size : std::min(page_size, number_at(asked));
    const std::uint64_t from = number_at(request.parameter("continuation-token"));
    const std::uint64_t end = std::min(objects, from + limit);
    std::string entries = element("Name", split(request.path).bucket);
    const std::string folder = "n" + std::to_string(objects) + "/";
    entries += element("Prefix", folder) + element("KeyCount", std::to_string(end - from));
    entries += element("MaxKeys", std::to_string(limit));
    entries += element("IsTruncated", end < objects ? "true" : "false");
    if (end < objects) {
        entries += element("NextContinuationToken", std::to_string(end));
    }
    for (std::uint64_t number = from; number < end; ++number) {
        std::string digits = std::to_string(number);
        digits.insert(0, 8 - std::min<std::size_t>(8, digits.size()), '0');
        std::string entry = element("Key", folder + "o4096-" + digits);
        entry += element("LastModified", "2026-11-23T00:00:00.000Z") + element("ETag", etag);
        entries += element("Contents", entry + element("Size", "4096") + element("StorageClass", "STANDARD"));
    }
    return document("200 OK", root("ListBucketResult", entries));
}

void Answers::count(std::string_view kind) {
    const auto found = counts_.find(kind);
    if (found == counts_.end()) {
        counts_.emplace(kind, 1);
    } else {
        ++found->second;
    }
}

std::string Answers::take_counts(const std::map<std::string, std::uint64_t>& others) {
    std::string text = "{";
    const auto add = [&text](const std::string& name, std::uint64_t number) {
        text.append(text.size() > 1 ? ", \"" : "\"")
            .append(name)
            .append("\": ")
            .append(std::to_string(number));
    };
    for (const auto& [name, number] : counts_) {
        add(name, number);
    }
    for (const auto& [name, number] : others) {
        add(name, number);
    }
    counts_.clear();
    return text + "}\n";
}

}  // namespace sink
