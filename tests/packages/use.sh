#!/bin/sh
# In the new Debian: use.sh command|development
set -eu
cd /tmp
case $1 in
    command)
        echo "bytes" >file
        id=$(filestore upload file)
        filestore download "$id" -o copy
        cmp file copy
        filestore delete "$id"
        ! ldd /usr/bin/filestore /usr/lib/*/libfilestore_c.so.? | grep "not found"
        ;;
    development)
        g++ -std=c++20 -Wall -Werror main.cpp -o cpp $(pkg-config --cflags --libs filestore)
        gcc -std=c99 -Wall -Werror main.c -o c $(pkg-config --cflags --libs filestore_c)
        gcc -std=c99 main.c -o static /usr/lib/*/libfilestore_c.a $(pkg-config --static --libs filestore_c | sed 's/-lfilestore_c//')
        # A page that leads to another.
        page=/usr/share/man/man3/filestore_upload_buffer.3
        test -s "/usr/share/man/$(sed -n 's/^\.so //p' "$page")"
        for program in cpp c static; do
            rm -rf storage
            "./$program"
        done
        ! ldd static | grep libfilestore
        ;;
esac
