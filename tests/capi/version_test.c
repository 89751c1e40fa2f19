/* The version of the header, in its parts and as text, is that of the library. */

#include <filestore.h>
#include <stdio.h>
#include <string.h>

int main(void) {
    char parts[64];
    snprintf(parts, sizeof parts, "%d.%d.%d", FILESTORE_VERSION_MAJOR, FILESTORE_VERSION_MINOR,
             FILESTORE_VERSION_PATCH);
    const int parts_agree = strcmp(parts, FILESTORE_VERSION) == 0;
    const int library_agrees = strcmp(filestore_version(), FILESTORE_VERSION) == 0;
    printf("%sok 1 the parts make the text\n", parts_agree ? "" : "not ");
    printf("%sok 2 header %s, library %s\n", library_agrees ? "" : "not ", FILESTORE_VERSION,
           filestore_version());
    return parts_agree && library_agrees ? 0 : 1;
}
