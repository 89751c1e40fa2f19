#include "serve/url_form.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

using filestore::tool::serve::FormFault;
using filestore::tool::serve::FormPart;
using filestore::tool::serve::FormTaker;
using filestore::tool::serve::UrlFormReader;

namespace {

/// Writes down what it is given: `[name]value` for each field, `.` for the end, `!` for a fault. A resource.
class Writer final : public FormTaker {
public:
    explicit Writer(std::string& written) : written_(written) {}

    void begin_part(const FormPart& part) override {
        CHECK_FALSE(part.file_name);
        written_ += '[' + part.name + ']';
    }
    void take(std::string_view bytes) override { written_ += bytes; }
    void end() override { written_ += '.'; }
    void fail(FormFault fault) override { written_ += fault == FormFault::long_field ? "!long" : "!many"; }

private:
    std::string& written_;
};

/// The form in pieces of so many bytes.
std::string read(std::string_view form, std::size_t piece) {
    std::string written;
    UrlFormReader reader(std::make_unique<Writer>(written));
    for (; !form.empty(); form.remove_prefix(std::min(piece, form.size()))) {
        reader.take(form.substr(0, piece));
    }
    reader.end();
    return written;
}

std::string repeated(std::string_view text, std::size_t count) {
    std::string all;
    for (std::size_t i = 0; i < count; ++i) {
        all += text;
    }
    return all;
}

}  // namespace

TEST_CASE("forms as URLs have them") {
    struct Case {
        std::string form;
        std::string fields;
    };
    const std::string longest(1024 * 1024 - 1, 'x');
    const Case cases[] = {
        {"", "."},
        {"&&", "."},
        {"a=b", "[a]b."},
        {"a=b&", "[a]b."},
        {"&a=b&&c=d", "[a]b[c]d."},
        {"a", "[a]."},
        {"=", "[]."},
        {"a=b=c;d", "[a]b=c;d."},
        {"a%3Db+c=%41+%2b", "[a=b c]A +."},
        {"a=%", "[a]%."},
        {"a=%4", "[a]%4."},
        {"a=%zz&%=%", "[a]%zz[%]%."},
        {"a=\xFC%FC", "[a]\u00FC\uFFFD."},
        {"a=%E2%82|%E2%82%AC|%F0%9F%97x|%ED%A0%80|%C3\xBC",
         "[a]\uFFFD|\u20AC|\uFFFDx|\uFFFD\uFFFD\uFFFD|\uFFFD\u00BC."},
        {"a=" + longest, "[a]" + longest + "."},
        {"a=x" + longest, "!long"},
        {"a=b&xx" + longest, "[a]b!long"},
        {repeated("a&", 1000), repeated("[a]", 1000) + "."},
        {repeated("a&", 1000) + "b", repeated("[a]", 1000) + "!many"},
    };
    for (const Case& one : cases) {
        CAPTURE(one.form.substr(0, 40));
        for (const std::size_t piece : {std::size_t{1}, std::size_t{4096}, std::size_t{4'000'000}}) {
            // Not CHECK of the texts, of which some are long.
            CHECK((read(one.form, piece) == one.fields));
        }
    }
}
