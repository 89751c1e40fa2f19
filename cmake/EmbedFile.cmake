# cmake -D INPUT=FILE -D OUTPUT=SOURCE -D NAME=NAME -P EmbedFile.cmake
# Writes C++ that defines `const std::string_view NAME`, the bytes of a file.
file(READ "${INPUT}" bytes HEX)
string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1', " bytes "${bytes}")
file(
    WRITE "${OUTPUT}"
    "#include <string_view>

namespace filestore::tool::serve {

namespace {

constexpr char bytes[] = {
${bytes}
};

}  // namespace

extern const std::string_view ${NAME};
const std::string_view ${NAME}(bytes, sizeof bytes);

}  // namespace filestore::tool::serve
")
