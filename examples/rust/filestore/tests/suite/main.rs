//! The crate against the library that is installed: on a local store, and on an S3 server, which the environment names as for the AWS tools:
//! FILESTORE_S3_ENDPOINT, FILESTORE_S3_BUCKET, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. FILESTORE_S3_ENDPOINT=none leaves S3 out.

mod backends;
mod callbacks;
mod conditions;
mod errors;
mod executors;
mod exports;
mod files;
mod futures;
mod links;
mod records;
mod retention;
mod stores;
mod streams;
mod transfers;
mod whole_backends;
