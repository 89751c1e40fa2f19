# Writes the files of the page into a C++ source: cmake -D DIRECTORY=... -D FILES=a;b -D OUTPUT=... -P embed.cmake
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
"#include \"serve/page/page_files.h\"

namespace filestore::tool::serve {

namespace {

${arrays}
constexpr PageFile files[] = {
${rows}};

}  // namespace

std::span<const PageFile> page_files() {
    return files;
}

}  // namespace filestore::tool::serve
")
file(RENAME ${OUTPUT}.new ${OUTPUT})
