# cmake -D DIRECTORY=... -D FILES=a;b -D FUNCTION=NAME -D OUTPUT=SOURCE -P EmbedFiles.cmake
# Writes C++ that defines a function of embedded_files.h, with the bytes of the files.
set(arrays)
set(rows)
foreach(file IN LISTS FILES)
    file(READ ${DIRECTORY}/${file} bytes HEX)
    file(SHA256 ${DIRECTORY}/${file} hash)
    string(SUBSTRING ${hash} 0 32 version)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes ${bytes})
    string(REGEX REPLACE "[^a-z0-9]" "_" name ${file})
    string(APPEND arrays "constexpr unsigned char ${name}[] = {${bytes}};\n")
    string(APPEND rows "    {\"${file}\", \"${version}\", ${name}},\n")
endforeach()
file(WRITE ${OUTPUT}.new
"#include \"serve/embedded_files.h\"

namespace filestore::tool::serve {

namespace {

${arrays}
constexpr EmbeddedFile files[] = {
${rows}};

}  // namespace

std::span<const EmbeddedFile> ${FUNCTION}() {
    return files;
}

}  // namespace filestore::tool::serve
")
file(RENAME ${OUTPUT}.new ${OUTPUT})
