//! What the peers in Rust have in common: the command line of every peer, and the figures that it prints (see bench/peers.py).

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::Arc;
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};

pub type Failure = Box<dyn std::error::Error + Send + Sync>;

pub const REGION: &str = "us-east-1";
/// Of uploads in parts, by every peer that lets it be chosen.
pub const PART_SIZE: usize = 8 << 20;
pub const PARALLEL_PARTS: usize = 4;

/// `OPERATION ENDPOINT BUCKET SIZE COUNT CONCURRENCY [file=PATH] [pipe=yes] [payload=signed|unsigned]`
pub struct Job {
    pub operation: String,
    pub endpoint: String,
    pub bucket: String,
    pub size: usize,
    pub count: usize,
    pub concurrency: usize,
    pub file: Option<PathBuf>,
    pub pipe: bool,
    pub signed: bool,
    pub access_key: String,
    pub secret_key: String,
}

impl Job {
    pub fn from_command_line() -> Arc<Job> {
        let words: Vec<String> = std::env::args().skip(1).collect();
        let option = |name: &str| {
            words.iter().skip(6).find_map(|word| word.strip_prefix(name)?.strip_prefix('=').map(str::to_owned))
        };
        let number = |at: usize| words[at].parse().expect("a number");
        let environment = |name| std::env::var(name).unwrap_or_else(|_| "benchmark".to_owned());
        Arc::new(Job {
            operation: words[0].clone(),
            endpoint: words[1].clone(),
            bucket: words[2].clone(),
            size: number(3),
            count: number(4),
            concurrency: number(5),
            file: option("file").map(PathBuf::from),
            pipe: option("pipe").is_some(),
            signed: option("payload").as_deref() == Some("signed"),
            access_key: environment("AWS_ACCESS_KEY_ID"),
            secret_key: environment("AWS_SECRET_ACCESS_KEY"),
        })
    }

    /// The sink reads the size out of it.
    pub fn key(&self, number: usize) -> String {
        format!("o{}-{number}", self.size)
    }

    pub fn list_prefix(&self) -> String {
        format!("n{}/", self.size)
    }

    pub fn streams(&self) -> bool {
        self.pipe || self.file.is_some()
    }

    /// The body of uploads from memory; empty for everything else.
    pub fn payload(&self) -> Bytes {
        if self.operation != "put" || self.streams() {
            return Bytes::new();
        }
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut bytes = BytesMut::with_capacity(self.size + 8);
        while bytes.len() < self.size {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            bytes.extend_from_slice(&state.to_le_bytes());
        }
        bytes.truncate(self.size);
        bytes.freeze()
    }

    /// What an upload that streams reads.
    pub async fn open_source(&self) -> Result<Pin<Box<dyn AsyncRead + Send>>, Failure> {
        Ok(match &self.file {
            Some(path) => Box::pin(File::open(path).await?),
            None => Box::pin(tokio::io::stdin()),
        })
    }
}

/// The next part, shorter only at the end; nothing behind that.
pub async fn next_part(source: &mut (impl AsyncRead + Unpin + Send + ?Sized)) -> Result<Option<Bytes>, Failure> {
    let mut part = BytesMut::with_capacity(PART_SIZE);
    while part.len() < PART_SIZE && source.read_buf(&mut part).await? > 0 {}
    Ok(if part.is_empty() { None } else { Some(part.freeze()) })
}

/// The body of a download, which goes to the job's file where it has one.
pub struct Received {
    file: Option<File>,
    expected: usize,
    size: usize,
}

impl Received {
    pub async fn begin(job: &Job) -> Result<Received, Failure> {
        let file = match &job.file {
            Some(path) => Some(File::create(path).await?),
            None => None,
        };
        Ok(Received { file, expected: job.size, size: 0 })
    }

    pub async fn take(&mut self, chunk: &[u8]) -> Result<(), Failure> {
        self.size += chunk.len();
        if let Some(file) = &mut self.file {
            file.write_all(chunk).await?;
        }
        Ok(())
    }

    pub async fn end(mut self) -> Result<(), Failure> {
        if let Some(file) = &mut self.file {
            file.flush().await?;
        }
        expect(self.size == self.expected, "another size")
    }
}

pub fn expect(condition: bool, what: &str) -> Result<(), Failure> {
    if condition {
        Ok(())
    } else {
        Err(what.into())
    }
}

fn usage() -> libc::rusage {
    // SAFETY: plain numbers, which getrusage() fills.
    unsafe {
        let mut usage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &mut usage);
        usage
    }
}

fn seconds(time: libc::timeval) -> f64 {
    time.tv_sec as f64 + time.tv_usec as f64 * 1e-6
}

fn monotonic_nanoseconds() -> i64 {
    // SAFETY: clock_gettime() fills it.
    unsafe {
        let mut time = std::mem::zeroed();
        libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut time);
        time.tv_sec * 1_000_000_000 + time.tv_nsec
    }
}

/// Calls one(number) for each number below `count`, `concurrency` at a time, and prints the figures as a line of JSON.
pub async fn run<One, Answer>(job: &Job, one: One)
where
    One: Fn(usize) -> Answer + Clone + Send + 'static,
    Answer: Future<Output = Result<(), Failure>> + Send,
{
    let next = Arc::new(AtomicUsize::new(0));
    let errors = Arc::new(AtomicUsize::new(0));
    let first_answer = Arc::new(AtomicI64::new(0));
    let count = job.count;
    let usage_before = usage();
    let began = Instant::now();
    let workers: Vec<_> = (0..job.concurrency)
        .map(|_| {
            let (one, next, errors, first_answer) = (one.clone(), next.clone(), errors.clone(), first_answer.clone());
            tokio::spawn(async move {
                let mut latencies = Vec::with_capacity(count);
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return latencies;
                    }
                    let started = Instant::now();
                    if let Err(failure) = one(number).await {
                        if errors.fetch_add(1, Ordering::Relaxed) == 0 {
                            eprintln!("{failure:?}");
                        }
                    }
                    latencies.push(started.elapsed().as_secs_f64());
                    if number == 0 {
                        first_answer.store(monotonic_nanoseconds(), Ordering::Relaxed);
                    }
                }
            })
        })
        .collect();
    let mut latencies = Vec::with_capacity(count);
    for worker in workers {
        latencies.extend(worker.await.expect("a worker"));
    }
    let wall = began.elapsed().as_secs_f64();
    let used = usage();
    latencies.sort_by(f64::total_cmp);
    let quantile = |part: f64| latencies[((part * latencies.len() as f64) as usize).min(latencies.len() - 1)] * 1e3;
    println!(
        "{{\"operations\": {}, \"errors\": {}, \"wall_s\": {:.6}, \"user_s\": {:.6}, \"system_s\": {:.6}, \"p50_ms\": {:.4}, \
         \"p99_ms\": {:.4}, \"peak_kib\": {}, \"first_answer_ns\": {}}}",
        latencies.len(),
        errors.load(Ordering::Relaxed),
        wall,
        seconds(used.ru_utime) - seconds(usage_before.ru_utime),
        seconds(used.ru_stime) - seconds(usage_before.ru_stime),
        quantile(0.5),
        quantile(0.99),
        used.ru_maxrss,
        first_answer.load(Ordering::Relaxed),
    );
}
