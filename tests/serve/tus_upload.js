// An upload by tus-js-client: tus_upload.js PACKAGES ENDPOINT FILE URL CHUNK_SIZE ABORT_AFTER_BYTES RETRY_DELAYS
// Goes on with URL where that is not empty. Prints the URL, and "done" or "aborted". CHUNK_SIZE 0: all at once. ABORT_AFTER_BYTES 0: never.
"use strict";
const fs = require("fs");
const [packages, endpoint, path, url, chunkSize, abortAfter, retries] = process.argv.slice(2);
const tus = require(`${packages}/tus-js-client`);

const upload = new tus.Upload(fs.createReadStream(path), {
    endpoint,
    uploadUrl: url || null,
    uploadSize: fs.statSync(path).size,
    chunkSize: Number(chunkSize) || Infinity,
    retryDelays: retries.split(",").map(Number),
    metadata: { filename: "Ünïcode.bin", filetype: "application/x-any", note: "by node" },
    onError(error) {
        console.error(String(error));
        process.exit(1);
    },
    onChunkComplete(size, accepted) {
        if (Number(abortAfter) && accepted >= Number(abortAfter)) {
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
