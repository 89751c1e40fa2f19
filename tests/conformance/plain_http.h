#pragma once

/// HTTP without this library's S3: what somebody sends who has only a URL or a form, and what a server says that the client does not tell.

#include <string>
#include <string_view>
#include <vector>

#include "conformance/client_support.h"
#include "http/transport.h"

namespace filestore::test {

/// A value. Status -1: no whole answer has come.
struct PlainAnswer {
    int status = 0;
    http::ResponseHead head;
    std::string body;
};

/// Sends one request; waits for its answer.
[[nodiscard]] PlainAnswer ask(const TestStore& store, http::Method method, const std::string& url,
                              std::string body = {}, std::vector<http::Header> headers = {});

/// What the server says in this header of an object, asked by a presigned URL.
[[nodiscard]] std::string header_of(const TestStore& store, ClientOnStore& client, const std::string& name,
                                    std::string_view header);

/// Uploads by a form, as a browser would (RFC 7578), with these fields before the file.
[[nodiscard]] PlainAnswer submit(const TestStore& store, const S3PresignedPost& form,
                                 const std::vector<S3Field>& fields, const std::string& file);

}  // namespace filestore::test
