// Signs the requests that it reads as JSON lines (the form of signing_cases/*/request.json) and prints what each stage answers
// as JSON lines: the other side of botocore_crosscheck.py.

#include <iostream>
#include <string>
#include <string_view>

#include "core/json.h"
#include "s3/protocol/signing_case.h"

namespace {

using filestore::JsonText;
using filestore::JsonTextWriter;
using filestore::test::SigningStages;

void write_member(JsonTextWriter& writer, std::string_view name, std::string_view text) {
    writer.Key(name.data(), static_cast<filestore::rj::SizeType>(name.size()));
    writer.String(text.data(), static_cast<filestore::rj::SizeType>(text.size()));
}

/// An object with the stages and one more member, the result of the form.
void write_form(JsonTextWriter& writer, const SigningStages& stages, std::string_view name,
                std::string_view result) {
    writer.StartObject();
    write_member(writer, "canonical_request", stages.canonical_request);
    write_member(writer, "string_to_sign", stages.string_to_sign);
    write_member(writer, "signature", stages.signature);
    write_member(writer, name, result);
    writer.EndObject();
}

std::string signed_line(const filestore::test::SigningCase& signing_case) {
    const auto in_headers = sign_in_headers(signing_case);
    const auto presigned = presign(signing_case);
    JsonText line;
    JsonTextWriter writer(line);
    writer.StartObject();
    writer.Key("header");
    write_form(writer, in_headers.stages, "authorization",
               filestore::test::value_of(in_headers.added, "authorization"));
    writer.Key("presigned");
    write_form(writer, presigned.stages, "url", presigned.url);
    writer.EndObject();
    return line.text;
}

}  // namespace

int main() {
    std::string line;
    while (std::getline(std::cin, line)) {
        const auto signing_case = filestore::test::read_signing_case(line);
        if (!signing_case.ok()) {
            std::cerr << "sign_tool: " << signing_case.error().message() << '\n';
            return 1;
        }
        std::cout << signed_line(*signing_case) << '\n';
    }
    return std::cout.flush() ? 0 : 1;
}
