// Files by the OpenAI client of Node.js: openai_files.js PACKAGES BASE_URL KEY FILE PART_SIZE
// Stores FILE whole, the file before its purpose, and again by parts that come at once; lists, retrieves, reads and deletes both. Prints the two file objects, as JSON.
"use strict";
const assert = require("assert");
const crypto = require("crypto");
const fs = require("fs");
const [packages, baseURL, apiKey, path, partSize] = process.argv.slice(2);
const OpenAI = require(`${packages}/openai`);

const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const content = fs.readFileSync(path);

async function whole() {
    const file = await OpenAI.toFile(content, "Ünïcode.jsonl", { type: "application/jsonl" });
    return client.files.create({ file, purpose: "batch", expires_after: { anchor: "created_at", seconds: 3600 } });
}

async function byParts() {
    const upload = await client.uploads.create({ bytes: content.length, filename: "parts.bin", mime_type: "application/x-any", purpose: "user_data" });
    assert.equal(upload.status, "pending");
    const pieces = [];
    for (let begin = 0; begin < content.length; begin += Number(partSize)) {
        pieces.push(content.subarray(begin, begin + Number(partSize)));
    }
    const parts = await Promise.all(pieces.map(async (piece) => client.uploads.parts.create(upload.id, { data: await OpenAI.toFile(piece, "part") })));
    const md5 = crypto.createHash("md5").update(content).digest("hex");
    const completed = await client.uploads.complete(upload.id, { part_ids: parts.map((part) => part.id), md5 });
    assert.equal(completed.status, "completed");
    return completed.file;
}

async function main() {
    const files = [await whole(), await byParts()];
    const listed = [];
    for await (const file of client.files.list({ limit: 1, order: "asc" })) {
        listed.push(file);
    }
    assert.deepEqual(listed, files);
    for (const file of files) {
        assert.deepEqual(await client.files.retrieve(file.id), file);
        assert.ok(Buffer.from(await (await client.files.content(file.id)).arrayBuffer()).equals(content));
        assert.equal((await client.files.delete(file.id)).deleted, true);
        await assert.rejects(client.files.retrieve(file.id), OpenAI.NotFoundError);
    }
    console.log(JSON.stringify(files));
}

main().catch((error) => {
    console.error(error);
    process.exit(1);
});
