//! object_store: S3, and with the endpoint `file` its local file system.

use std::sync::Arc;

use futures::StreamExt;
use measure::{expect, next_part, Failure, Job, Received, PARALLEL_PARTS, PART_SIZE};
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload, WriteMultipart};

fn open(job: &Job) -> Result<Arc<dyn ObjectStore>, Failure> {
    if job.endpoint == "file" {
        return Ok(Arc::new(LocalFileSystem::new_with_prefix(&job.bucket)?));
    }
    let store = AmazonS3Builder::new()
        .with_endpoint(&job.endpoint)
        .with_allow_http(true)
        .with_region(measure::REGION)
        .with_bucket_name(&job.bucket)
        .with_access_key_id(&job.access_key)
        .with_secret_access_key(&job.secret_key)
        .with_unsigned_payload(!job.signed)
        .build()?;
    Ok(Arc::new(store))
}

async fn put_stream(job: &Job, store: &dyn ObjectStore, path: &Path) -> Result<(), Failure> {
    let mut source = job.open_source().await?;
    let mut upload = WriteMultipart::new_with_chunk_size(store.put_multipart(path).await?, PART_SIZE);
    while let Some(part) = next_part(&mut source).await? {
        upload.wait_for_capacity(PARALLEL_PARTS).await?;
        upload.put(part);
    }
    upload.finish().await?;
    Ok(())
}

async fn get(job: &Job, store: &dyn ObjectStore, path: &Path) -> Result<(), Failure> {
    let mut stream = store.get(path).await?.into_stream();
    let mut received = Received::begin(job).await?;
    while let Some(chunk) = stream.next().await {
        received.take(&chunk?).await?;
    }
    received.end().await
}

async fn list(job: &Job, store: &dyn ObjectStore) -> Result<(), Failure> {
    let prefix = Path::from(job.list_prefix());
    let mut entries = store.list(Some(&prefix));
    let mut seen = 0;
    while let Some(entry) = entries.next().await {
        entry?;
        seen += 1;
    }
    expect(seen == job.size, "another number of objects")
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let job = Job::from_command_line();
    let store = open(&job)?;
    let payload = PutPayload::from_bytes(job.payload());
    let given = job.clone();
    let one = move |number: usize| {
        let (job, store, payload) = (given.clone(), store.clone(), payload.clone());
        async move {
            let path = Path::from(job.key(number));
            match job.operation.as_str() {
                "put" if job.streams() => put_stream(&job, store.as_ref(), &path).await,
                "put" => Ok(store.put(&path, payload).await.map(|_| ())?),
                "get" => get(&job, store.as_ref(), &path).await,
                "head" => expect(store.head(&path).await?.size == job.size as u64, "another size"),
                "delete" => Ok(store.delete(&path).await?),
                "list" => list(&job, store.as_ref()).await,
                other => Err(format!("there is no operation {other}").into()),
            }
        }
    };
    measure::run(&job, one).await;
    Ok(())
}
