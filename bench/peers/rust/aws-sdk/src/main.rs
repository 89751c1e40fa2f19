//! aws-sdk-s3 with what it does by default: signed payloads and a CRC32 over plain HTTP.

use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use aws_sdk_s3::Client;
use measure::{expect, next_part, Failure, Job, Received, PARALLEL_PARTS};
use tokio::task::JoinSet;

fn open(job: &Job) -> Client {
    let config = aws_sdk_s3::config::Builder::new()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(measure::REGION))
        .endpoint_url(&job.endpoint)
        .force_path_style(true)
        .credentials_provider(Credentials::new(&job.access_key, &job.secret_key, None, None, "benchmark"));
    Client::from_conf(config.build())
}

async fn put_part(
    client: Client,
    bucket: String,
    key: String,
    upload: String,
    number: i32,
    part: bytes::Bytes,
) -> Result<CompletedPart, Failure> {
    let request = client.upload_part().bucket(bucket).key(key).upload_id(upload).part_number(number);
    let answer = request.body(ByteStream::from(part)).send().await?;
    Ok(CompletedPart::builder().part_number(number).set_e_tag(answer.e_tag).build())
}

async fn put_stream(job: &Job, client: &Client, key: &str) -> Result<(), Failure> {
    let begun = client.create_multipart_upload().bucket(&job.bucket).key(key).send().await?;
    let upload = begun.upload_id().unwrap_or_default();
    let mut source = job.open_source().await?;
    let mut under_way = JoinSet::new();
    let mut parts = Vec::new();
    let mut number = 0;
    while let Some(part) = next_part(&mut source).await? {
        if under_way.len() == PARALLEL_PARTS {
            parts.extend(under_way.join_next().await.transpose()?.transpose()?);
        }
        number += 1;
        under_way.spawn(put_part(client.clone(), job.bucket.clone(), key.to_owned(), upload.to_owned(), number, part));
    }
    while let Some(done) = under_way.join_next().await {
        parts.push(done??);
    }
    parts.sort_by_key(CompletedPart::part_number);
    let completed = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
    let request = client.complete_multipart_upload().bucket(&job.bucket).key(key).upload_id(upload);
    request.multipart_upload(completed).send().await?;
    Ok(())
}

async fn get(job: &Job, client: &Client, key: &str) -> Result<(), Failure> {
    let mut body = client.get_object().bucket(&job.bucket).key(key).send().await?.body;
    let mut received = Received::begin(job).await?;
    while let Some(chunk) = body.next().await {
        received.take(&chunk?).await?;
    }
    received.end().await
}

async fn list(job: &Job, client: &Client) -> Result<(), Failure> {
    let request = client.list_objects_v2().bucket(&job.bucket).prefix(job.list_prefix());
    let mut pages = request.into_paginator().send();
    let mut seen = 0;
    while let Some(page) = pages.next().await {
        seen += page?.contents().len();
    }
    expect(seen == job.size, "another number of objects")
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let job = Job::from_command_line();
    let client = open(&job);
    let payload = job.payload();
    let given = job.clone();
    let one = move |number: usize| {
        let (job, client, payload) = (given.clone(), client.clone(), payload.clone());
        async move {
            let key = job.key(number);
            match job.operation.as_str() {
                "put" if job.streams() => put_stream(&job, &client, &key).await,
                "put" => {
                    let request = client.put_object().bucket(&job.bucket).key(key);
                    Ok(request.body(ByteStream::from(payload)).send().await.map(|_| ())?)
                }
                "get" => get(&job, &client, &key).await,
                "head" => {
                    let answer = client.head_object().bucket(&job.bucket).key(key).send().await?;
                    expect(answer.content_length() == Some(job.size as i64), "another size")
                }
                "delete" => Ok(client.delete_object().bucket(&job.bucket).key(key).send().await.map(|_| ())?),
                "list" => list(&job, &client).await,
                other => Err(format!("there is no operation {other}").into()),
            }
        }
    };
    measure::run(&job, one).await;
    Ok(())
}
