// An upload by tus-js-client: tus_upload.js PACKAGES ENDPOINT FILE URL CHUNK_SIZE [ABORT_AFTER_BYTES]
// Goes on with URL where that is not empty. Prints the URL, and "done" or "aborted". CHUNK_SIZE 0: all at once.
"use strict";
const fs = require("fs");
const [packages, endpoint, path, url, chunkSize, abortAfter] = process.argv.slice(2);
const tus = require(`${packages}/tus-js-client`);

const upload = new tus.Upload(fs.createReadStream(path), {
    endpoint,
    uploadUrl: url || null,
    uploadSize: fs.statSync(path).size,
    chunkSize: Number(chunkSize) || Infinity,
    retryDelays: [0, 50, 100, 200, 400, 800, 1600, 3200, 6400, 12800],
    metadata: { filename: "Ünïcode.bin", filetype: "application/x-any", note: "by node" },
    onError(error) {
        console.error(String(error));
        process.exit(1);
    },
    onChunkComplete(size, accepted) {
        if (abortAfter && accepted >= Number(abortAfter)) {
            upload.abort().then(() => {
                console.log(upload.url);
                console.log("aborted");
                process.exit(0);
            });
        }
    },
    onSuccess() {
        console.log(upload.url);
        console.log("done");
    },
});
upload.start();
