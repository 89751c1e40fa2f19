//! opendal: S3, whose payloads it never signs, and with the endpoint `file` its service `fs` with atomic writes.

use futures::StreamExt;
use measure::{expect, next_part, Failure, Job, Received, PARALLEL_PARTS, PART_SIZE};
use opendal::{services, Operator};

fn open(job: &Job) -> Result<Operator, Failure> {
    if job.endpoint == "file" {
        let unfinished = format!("{}/unfinished", job.bucket);
        return Ok(Operator::new(services::Fs::default().root(&job.bucket).atomic_write_dir(&unfinished))?);
    }
    let service = services::S3::default()
        .endpoint(&job.endpoint)
        .region(measure::REGION)
        .bucket(&job.bucket)
        .access_key_id(&job.access_key)
        .secret_access_key(&job.secret_key)
        .disable_config_load()
        .disable_ec2_metadata();
    Ok(Operator::new(service)?)
}

async fn put_stream(job: &Job, store: &Operator, key: &str) -> Result<(), Failure> {
    let mut source = job.open_source().await?;
    let mut writer = store.writer_with(key).chunk(PART_SIZE).concurrent(PARALLEL_PARTS).await?;
    while let Some(part) = next_part(&mut source).await? {
        writer.write(part).await?;
    }
    writer.close().await?;
    Ok(())
}

async fn get(job: &Job, store: &Operator, key: &str) -> Result<(), Failure> {
    let reader = store.reader(key).await?;
    let mut stream = reader.into_bytes_stream(0..job.size as u64).await?;
    let mut received = Received::begin(job).await?;
    while let Some(chunk) = stream.next().await {
        received.take(&chunk?).await?;
    }
    received.end().await
}

async fn list(job: &Job, store: &Operator) -> Result<(), Failure> {
    let mut entries = store.lister(&job.list_prefix()).await?;
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
    let payload = job.payload();
    let given = job.clone();
    let one = move |number: usize| {
        let (job, store, payload) = (given.clone(), store.clone(), payload.clone());
        async move {
            let key = job.key(number);
            match job.operation.as_str() {
                "put" if job.streams() => put_stream(&job, &store, &key).await,
                "put" => Ok(store.write(&key, payload).await.map(|_| ())?),
                "get" => get(&job, &store, &key).await,
                "head" => expect(store.stat(&key).await?.content_length() == job.size as u64, "another size"),
                "delete" => Ok(store.delete(&key).await?),
                "list" => list(&job, &store).await,
                other => Err(format!("there is no operation {other}").into()),
            }
        }
    };
    measure::run(&job, one).await;
    Ok(())
}
