/* A plugin that contains the library: it hands its functions out. */

#include "border.h"

__attribute__((visibility("default"))) const struct Library* plugin_library(void);

const struct Library* plugin_library(void) {
    return &linked_library;
}
