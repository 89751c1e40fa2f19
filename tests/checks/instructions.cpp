/// What of our own code is counted in instructions: bench/instructions.py runs one case at a time under callgrind, which counts from where filestore_counted() begins
/// to its end.
///
///     filestore_instructions CASE        runs it
///     filestore_instructions             names all

#include <cstdio>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "local/sidecar.h"
#include "s3/protocol/listing_xml.h"
#include "s3/protocol/multipart_xml.h"
#include "s3/protocol/signing.h"

namespace {

using namespace filestore;

constexpr int keys_of_a_page = 1000;
const Timestamp some_time = std::chrono::sys_days(std::chrono::year(2026) / 1 / 31);

const s3::Credentials& credentials() {
    static const s3::Credentials keys{"AKIDEXAMPLE", SecretString(std::string("secret")), {}};
    return keys;
}

s3::SigningRequest request() {
    s3::SigningRequest request{"PUT", "/bucket/a%20key", {}, {}, std::string(s3::unsigned_payload)};
    request.headers = {{"host", "127.0.0.1:9000"}, {"content-type", "application/octet-stream"}};
    return request;
}

std::string listing() {
    std::string text = "<ListBucketResult><Name>bucket</Name><IsTruncated>false</IsTruncated>";
    for (int number = 0; number < keys_of_a_page; ++number) {
        text += "<Contents><Key>folder/file-" + std::to_string(number) +
                "</Key><LastModified>2026-01-31T12:00:00.000Z</LastModified>"
                "<ETag>&quot;d41d8cd98f00b204e9800998ecf8427e&quot;</ETag><Size>4096</Size>"
                "<StorageClass>STANDARD</StorageClass></Contents>";
    }
    return text + "</ListBucketResult>";
}

std::vector<s3::UploadedPart> parts() {
    std::vector<s3::UploadedPart> made;
    for (int number = 1; number <= keys_of_a_page; ++number) {
        made.push_back({static_cast<std::uint32_t>(number), "d41d8cd98f00b204e9800998ecf8427e", {}});
    }
    return made;
}

local::Sidecar sidecar() {
    local::Sidecar made;
    made.id = FileId::parse("6f1c1f0e-3f1b-4c43-9d1e-0a4c8a1b2c3d").value();
    made.original_path = "reports/January.pdf";
    made.size = 4096;
    made.version = "0123456789abcdef";
    static_cast<void>(made.metadata.set("author", "somebody"));
    static_cast<void>(made.metadata.set("pages", "12"));
    return made;
}

/// Made before it is counted, run while it is.
using Case = std::function<bool()>;

const std::map<std::string, std::function<Case()>, std::less<>> cases = {
    {"sign a request",
     [] {
         const s3::SigningScope scope{"us-east-1", "s3", some_time};
         return [scope, signing = request(), key = s3::SigningKey(credentials(), scope)] {
             return !s3::sign_headers(signing, credentials(), scope, key).empty();
         };
     }},
    {"sign a URL",
     [] {
         return [signing = request()] {
             const s3::SigningScope scope{"us-east-1", "s3", some_time};
             return !s3::presign_query(signing, credentials(), scope, std::chrono::hours(1)).empty();
         };
     }},
    {"read a listing of 1,000", [] { return [text = listing()] { return s3::parse_listing(text).ok(); }; }},
    {"write the end of an upload of 1,000 parts",
     [] { return [made = parts()] { return s3::complete_multipart_body(made).ok(); }; }},
    {"write a sidecar", [] { return [made = sidecar()] { return !local::write_sidecar(made).empty(); }; }},
    {"read a sidecar",
     [] {
         return [made = sidecar(), text = local::write_sidecar(sidecar())] {
             return local::read_sidecar(made.id, text).ok();
         };
     }},
};

}  // namespace

/// Its name is what callgrind is told of.
extern "C" __attribute__((noinline, visibility("default"))) bool filestore_counted(const Case& counted) {
    return counted();
}

int main(int count, char** words) {
    if (count < 2) {
        for (const auto& [name, make] : cases) {
            std::puts(name.c_str());
        }
        return 0;
    }
    const auto found = cases.find(std::string_view(words[1]));
    if (found == cases.end()) {
        std::fprintf(stderr, "there is no case %s\n", words[1]);
        return 2;
    }
    const Case counted = found->second();
    // The first run makes what is made once in a process.
    const bool ready = counted();
    return ready && filestore_counted(counted) ? 0 : 1;
}
