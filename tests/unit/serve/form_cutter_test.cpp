#include "serve/form_cutter.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

namespace {

using filestore::tool::serve::FormCutter;

constexpr std::string_view head = "\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n";

/// What came, told apart.
struct Taken {
    std::string structure;
    std::vector<std::string> contents;
    bool is_form = true;
};

class Recorder final : public FormCutter::Taker {
public:
    explicit Recorder(Taken& taken) : taken_(taken) {}
    bool take_structure(std::string_view text) override {
        taken_.structure += text;
        return true;
    }
    bool begin_part(std::string_view lines, std::string_view delimiter) override {
        taken_.structure += "\r\n" + std::string(lines) + "\r\n" + std::string(delimiter);
        taken_.contents.emplace_back();
        return true;
    }
    void take_content(std::string_view bytes) override { taken_.contents.back() += bytes; }

private:
    Taken& taken_;
};

std::string form_of(const std::vector<std::string>& contents) {
    std::string form = "--bb";
    for (const std::string& content : contents) {
        form += std::string(head) + content + "\r\n--bb";
    }
    return form + "--";
}

/// In pieces of `size` bytes.
Taken take_in_pieces(std::string_view form, std::size_t size) {
    Taken taken;
    Recorder recorder(taken);
    FormCutter cutter("bb");
    while (!form.empty() && taken.is_form) {
        taken.is_form = cutter.take(form.substr(0, size), recorder);
        form.remove_prefix(std::min(size, form.size()));
    }
    return taken;
}

struct Case {
    const char* name;
    std::vector<std::string> contents;
};

const std::vector<Case> cases{
    {"a text", {"hello"}},
    {"nothing", {""}},
    {"no parts", {}},
    {"several", {"a", "", "b"}},
    {"line ends", {"\r\n\r\n\r\n"}},
    {"half a delimiter", {"\r\n--b", "\r\n-", "\r"}},
    {"a delimiter behind half of one", {"\r\n--b\r\n--\r"}},
    {"no end of a line behind a delimiter", {"\r\n--bbx", "\r\n--bb-x", "\r\n--bb\r\r"}},
    {"a boundary without its line", {"--bb--bb\n--bb"}},
    {"line feeds", {"\n--bb\n"}},
    {"carriage returns", {"\r\r\r\r\r\n-\r"}},
};

}  // namespace

TEST_CASE("the contents of a form come as they were sent wherever it is cut") {
    for (const Case& form : cases) {
        const std::string text = form_of(form.contents);
        for (std::size_t size = 1; size <= text.size(); ++size) {
            const Taken taken = take_in_pieces(text, size);
            CAPTURE(form.name, size);
            REQUIRE(taken.is_form);
            REQUIRE(taken.contents == form.contents);
        }
    }
}

TEST_CASE("the parser is shown empty parts") {
    const Taken taken = take_in_pieces(form_of({"hello", "x"}), 3);
    CHECK(taken.structure == form_of({"", ""}));
}

TEST_CASE("contents made of pieces of delimiters come as they were sent") {
    std::mt19937 random(1);  // NOLINT(bugprone-random-generator-seed): the same on each run
    const std::vector<std::string> pieces{"\r",     "\n",      "-",        "--", "\r\n", "\r\n-",
                                          "\r\n--", "\r\n--b", "\r\n--bb", "b",  "x"};
    for (int run = 0; run < 2000; ++run) {
        std::string content;
        for (auto left = random() % 20; left > 0; --left) {
            content += pieces[random() % pieces.size()];
        }
        const std::string line = content + "\r\n";
        if (line.find("\r\n--bb\r\n") != std::string::npos || line.find("\r\n--bb--") != std::string::npos) {
            continue;
        }
        CAPTURE(content);
        const Taken taken = take_in_pieces(form_of({content, content}), 1 + random() % 12);
        REQUIRE(taken.contents == std::vector{content, content});
    }
}

TEST_CASE("what stands behind the end of a form is nobody's") {
    for (std::size_t size = 1; size < 40; ++size) {
        const Taken taken = take_in_pieces(form_of({"hello"}) + "\r\n" + form_of({"other"}), size);
        REQUIRE(taken.is_form);
        REQUIRE(taken.contents == std::vector<std::string>{"hello"});
    }
}

TEST_CASE("only line ends may stand before the first delimiter") {
    CHECK(take_in_pieces("\r\n\n" + form_of({"hello"}), 2).contents == std::vector<std::string>{"hello"});
    CHECK_FALSE(take_in_pieces("x" + form_of({"hello"}), 2).is_form);
    CHECK_FALSE(take_in_pieces("--b\r\n" + form_of({"hello"}), 100).is_form);
}

TEST_CASE("blanks may stand behind a delimiter but the first") {
    const std::string rest = std::string(head) + "hello\r\n--bb \t " + std::string(head) + "\r\n--bb--";
    for (std::size_t size = 1; size < rest.size(); ++size) {
        CHECK(take_in_pieces("--bb" + rest, size).contents == std::vector<std::string>{"hello", ""});
        CHECK_FALSE(take_in_pieces("--bb " + rest, size).is_form);
    }
    const std::string content = "\r\n--bb \t \r\r\n--bb x";
    CHECK(take_in_pieces(form_of({content}), 1).contents == std::vector{content});
}

TEST_CASE("a part needs no head") {
    CHECK(take_in_pieces("--bb\r\n\r\nhello\r\n--bb--", 3).contents == std::vector<std::string>{"hello"});
}

TEST_CASE("a head of a part that does not end is refused") {
    const std::string begun = "--bb\r\nContent-Disposition: " + std::string(100'000, 'x');
    const Taken taken = take_in_pieces(begun, 4096);
    CHECK_FALSE(taken.is_form);
    CHECK(taken.structure == "--bb");
}

TEST_CASE("what the parser cannot read is no form") {
    struct Refusing final : FormCutter::Taker {
        bool take_structure(std::string_view) override { return true; }
        bool begin_part(std::string_view, std::string_view) override { return false; }
        void take_content(std::string_view) override { FAIL("no content follows"); }
    } refusing;
    FormCutter cutter("bb");
    CHECK_FALSE(cutter.take(form_of({"hello"}), refusing));
}
